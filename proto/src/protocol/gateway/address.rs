//! Where a Gateway may be: addresses from the program, and those that a server hands out.
//!
//! A token goes out over a connection, and a session's id with it. So an address that came over the wire (`resume_gateway_url`,
//! the answer of `GET /gateway`, a redirect of version 3) is taken only when its host is the one that the program named, one of
//! Discord's Gateway, or one that the program allowed. Source: `security.md`, threat 15.

use core::net::{IpAddr, Ipv6Addr};

use crate::error::Error;

/// The domain under which Discord's Gateways are.
const DISCORDS: &str = "discord.gg";
const BAD_HOST: &str = "the name of a host expected, or its address";

/// The parts of an address that is well formed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Parts<'a> {
    secure: bool,
    host: &'a str,
}

impl Parts<'_> {
    fn is_loopback(&self) -> bool {
        self.host.eq_ignore_ascii_case("localhost")
            || self.host.parse().is_ok_and(|address: IpAddr| address.is_loopback())
    }
}

fn parts(url: &str) -> Result<Parts<'_>, &'static str> {
    let (rest, secure) = match (url.strip_prefix("wss://"), url.strip_prefix("ws://")) {
        (Some(rest), _) => (rest, true),
        (None, Some(rest)) => (rest, false),
        (None, None) => return Err("wss:// expected, or ws:// to this machine"),
    };
    let authority = rest.split(['/', '?']).next().unwrap_or("");
    if authority.is_empty() || authority.contains('@') {
        return Err("a host without user and password expected");
    }
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) || rest.contains(['#', '\\', '"']) {
        return Err("an address without query, fragment and spaces expected");
    }
    let (host, port) = match authority.strip_prefix('[') {
        Some(inside) => {
            let (host, rest) = inside.split_once(']').ok_or(BAD_HOST)?;
            (host, if rest.is_empty() { None } else { Some(rest.strip_prefix(':').ok_or(BAD_HOST)?) })
        }
        None => authority.split_once(':').map_or((authority, None), |(host, port)| (host, Some(port))),
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let is_host = match authority.starts_with('[') {
        true => host.parse::<Ipv6Addr>().is_ok(),
        false => !host.is_empty() && host.bytes().all(named),
    };
    if !is_host {
        return Err(BAD_HOST);
    }
    // Only digits: a sign would be read as a number, too.
    let is_port =
        |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse().is_ok_and(|port: u16| port > 0);
    if port.is_some_and(|port| !is_port(port)) {
        return Err("a port from 1 to 65535 expected");
    }
    let parts = Parts { secure, host };
    if !secure && !parts.is_loopback() {
        return Err("ws:// would show the token to the network; wss:// expected");
    }
    Ok(parts)
}

/// An address that the program gives.
pub(super) fn check(url: &str) -> Result<(), Error> {
    match parts(url) {
        Err(what) => Err(Error::argument(format!("url: {what}"))),
        Ok(_) if url.contains('?') => Err(Error::argument("url: an address without query expected, which is added")),
        Ok(_) => Ok(()),
    }
}

/// The same of an address to which nothing is added.
pub(in crate::protocol) fn check_whole(url: &str) -> Result<(), Error> {
    parts(url).map(drop).map_err(|what| Error::argument(format!("url: {what}")))
}

/// Whether the address is on this machine: a sandbox.
pub(super) fn is_here(url: &str) -> bool {
    parts(url).is_ok_and(|parts| parts.is_loopback())
}

/// Whether an address that a server handed out may be used, beside `own` (empty when the program named none) and the hosts
/// that the program allowed. Says why not.
pub(super) fn allow(url: &str, own: &str, allowed: &[String]) -> Result<(), &'static str> {
    let given = parts(url)?;
    let own = parts(own).ok();
    let under = |domain: &str| {
        let host = given.host;
        host.eq_ignore_ascii_case(domain)
            || (host.len() > domain.len()
                && host.is_char_boundary(host.len() - domain.len())
                && host[host.len() - domain.len()..].eq_ignore_ascii_case(domain)
                && host[..host.len() - domain.len()].ends_with('.'))
    };
    let known = match own {
        // A sandbox may send its clients to another port, and nowhere else.
        Some(own) if own.is_loopback() => given.is_loopback(),
        Some(own) => given.host.eq_ignore_ascii_case(own.host) || under(DISCORDS),
        None => under(DISCORDS),
    };
    if !known && !allowed.iter().any(|host| host.eq_ignore_ascii_case(given.host)) {
        return Err("its host is neither the Gateway's own nor an allowed one");
    }
    if !given.secure && own.is_some_and(|own| own.secure) {
        return Err("it is not encrypted as the first connection was");
    }
    Ok(())
}

/// The address with what the connection asks for. A query that a server put there is dropped.
pub(super) fn with_query(url: &str, query: &str) -> String {
    let url = url.split('?').next().unwrap_or("");
    let after_scheme = url.find("://").map_or(0, |at| at + 3);
    let slash = if url[after_scheme..].contains('/') { "" } else { "/" };
    format!("{url}{slash}?{query}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_sends_its_clients_only_where_they_may_go() {
        let discord = "wss://gateway.discord.gg";
        let here = "ws://127.0.0.1:9200";
        for (url, own, allowed) in [
            ("wss://gateway-us-east1-b.discord.gg", discord, true),
            ("wss://gateway.discord.gg/", discord, true),
            ("wss://GATEWAY.DISCORD.GG:443/x?v=1", discord, true),
            ("wss://discord.gg", discord, true),
            ("wss://friend.example", discord, true),
            ("wss://gateway.discord.gg.evil.example", discord, false),
            ("wss://evildiscord.gg", discord, false),
            ("wss://gateway.discord.gg@evil.example", discord, false),
            ("wss://evil.example/gateway.discord.gg", discord, false),
            ("wss://evil.example#gateway.discord.gg", discord, false),
            ("ws://gateway.discord.gg", discord, false),
            ("ws://127.0.0.1", discord, false),
            ("http://gateway.discord.gg", discord, false),
            ("wss://", discord, false),
            ("wss://discord.gg\u{e4}", discord, false),
            ("\u{e4}\u{e4}", discord, false),
            ("wss://gateway.discord.gg:443", discord, true),
            ("wss://gateway.discord.gg.", discord, false),
            ("wss://gateway.discord.gg:99999", discord, false),
            ("wss://gateway.discord.gg:", discord, false),
            ("wss://gateway.discord.gg:-1", discord, false),
            ("wss://gateway.discord.gg:443:1", discord, false),
            ("wss://[gateway.discord.gg]", discord, false),
            ("wss://evil.example;.discord.gg", discord, false),
            ("wss://evil.example%2f.discord.gg", discord, false),
            ("ws://LOCALHOST:1", here, true),
            ("ws://[::1]:1", here, true),
            ("ws://[::1", here, false),
            ("ws://[::1]x", here, false),
            ("ws://127.0.0.1.", here, false),
            ("ws://127.0.0.1:0", here, false),
            ("wss://gateway.discord.gg", "", true),
            ("wss://other.example", "", false),
            ("ws://127.0.0.1:9300", here, true),
            ("ws://localhost:1/x", here, true),
            ("wss://gateway.discord.gg", here, false),
            ("wss://own.example:8443", "wss://own.example", true),
            ("wss://gateway.discord.gg", "wss://own.example", true),
            ("wss://sub.own.example", "wss://own.example", false),
        ] {
            assert_eq!(allow(url, own, &["friend.example".to_owned()]).is_ok(), allowed, "{url} from {own:?}");
        }
    }

    #[test]
    fn the_query_is_added_behind_a_path() {
        for (url, with) in [
            ("wss://x", "wss://x/?v=10"),
            ("wss://x/", "wss://x/?v=10"),
            ("wss://x/4", "wss://x/4?v=10"),
            ("wss://x/?v=6&encoding=etf", "wss://x/?v=10"),
            ("wss://x?v=6", "wss://x/?v=10"),
        ] {
            assert_eq!(with_query(url, "v=10"), with);
        }
    }
}
