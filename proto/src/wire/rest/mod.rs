//! REST's vocabulary: endpoints as catalog rows, JSON error codes, and what differs between the versions of the API.
//!
//! Tables only: a server dispatches by them (`crate::server::rest`), a client checks by them. The one thing to know before
//! changing it: an endpoint's name is ours, since Discord's are headings of a page; method and path are Discord's. Sources:
//! the inventories of REST, of the objects, and of what changed between versions.

mod codes;
mod endpoints;
mod version;

pub use codes::JsonCode;
pub use endpoints::ENDPOINTS;
pub use version::Version;

use super::catalog::{Arg, Row, Type};

/// One endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Endpoint {
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE`.
    pub method: &'static str,
    /// The path behind the version, with a name in braces for each id: `/channels/{channel_id}/messages/{message_id}`.
    pub path: &'static str,
    /// Parameters of the query.
    pub query: &'static [Arg],
    /// Where its JSON body is no object but a list: of what.
    pub list: Option<Type>,
    /// Its name, the members of its JSON body (`args`), what it gives, and the scopes that open it.
    pub row: Row,
}

impl Endpoint {
    /// Whether a path is one of this endpoint's. The ids are left as they came: what stands for one is not looked at.
    pub fn is_at(&self, path: &str) -> bool {
        let mut given = path.split('/');
        for part in self.path.split('/') {
            match given.next() {
                Some(here) if here == part => {}
                // `@me` is a word of some paths, and never an id.
                Some(here) if part.starts_with('{') && !here.is_empty() && here != "@me" => {}
                _ => return false,
            }
        }
        given.next().is_none()
    }

    /// What stands in a path of this endpoint for the id of this name.
    pub fn segment<'p>(&self, path: &'p str, name: &str) -> Option<&'p str> {
        let is_it = |part: &str| part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) == Some(name);
        self.path.split('/').zip(path.split('/')).find(|(part, _)| is_it(part)).map(|(_, given)| given)
    }

    /// The names of the ids in its path, in order.
    pub fn ids(&self) -> impl Iterator<Item = &'static str> {
        self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
    }
}

/// The endpoint of this name.
pub fn endpoint(name: &str) -> Option<&'static Endpoint> {
    ENDPOINTS.iter().find(|endpoint| endpoint.row.is_named(name))
}

/// The endpoints at this path, one for each method; none when there is no such path. Words come before ids: of
/// `/users/@me` and `/users/{user_id}` the first is meant.
pub fn at(path: &str) -> impl Iterator<Item = &'static Endpoint> {
    ENDPOINTS.iter().filter(move |endpoint| endpoint.is_at(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_unique_and_so_are_method_and_path() {
        for (place, one) in ENDPOINTS.iter().enumerate() {
            for other in &ENDPOINTS[..place] {
                assert_ne!(one.row.name, other.row.name);
                assert!((one.method, one.path) != (other.method, other.path), "{}", one.path);
            }
            assert!(["GET", "POST", "PUT", "PATCH", "DELETE"].contains(&one.method), "{}", one.row.name);
            assert!(one.path.starts_with('/') && !one.path.ends_with('/'), "{}", one.path);
        }
    }

    #[test]
    fn a_path_finds_its_endpoint_and_its_ids() {
        let named = |method: &str, path: &str| {
            at(path).find(|endpoint| endpoint.method == method).map(|endpoint| endpoint.row.name)
        };
        for (method, path, name) in [
            ("GET", "/users/@me", Some("GET_CURRENT_USER")),
            ("GET", "/users/5", Some("GET_USER")),
            ("GET", "/users/", None),
            ("GET", "/users/5/", None),
            ("GET", "//users/5", None),
            ("PATCH", "/channels/7/messages/8", Some("EDIT_MESSAGE")),
            ("PATCH", "/channels/7/messages", None),
            ("GET", "", None),
            ("GET", "/", None),
        ] {
            assert_eq!(named(method, path), name, "{method} {path}");
        }
        let edit = endpoint("EDIT_MESSAGE").unwrap();
        assert_eq!(edit.segment("/channels/7/messages/8", "message_id"), Some("8"));
        assert_eq!(edit.segment("/channels/7/messages/8", "guild_id"), None);
        assert_eq!(edit.ids().collect::<Vec<_>>(), ["channel_id", "message_id"]);
    }
}
