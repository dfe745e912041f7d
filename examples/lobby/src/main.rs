//! A game's own server, as small as it can be: it knows the parties, makes the secrets under which they can be joined or
//! watched, and is the only one who can read them.
//!
//! Discord hands a secret from one player's game to another's, and asks that nobody can guess or forge it. So it is made
//! here and not in the game, where every player could read the key: encrypted (XChaCha20-Poly1305), with a nonce of its
//! own, as text in hexadecimal. The games pass it on and understand nothing of it. One line each way on a TCP connection
//! to this machine; the port stands on standard output.
//!
//! ```text
//! host                 party <id> <join secret> <spectate secret> <match secret>
//! enter <secret>       join <id> <players> <most> | watch <id>
//!                      no <why>
//! ```

mod secrets;

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;

use secrets::{Key, Purpose};

/// How many fit into a party.
const MOST: u32 = 4;
/// The longest line that is read.
const LINE: u64 = 512;

struct Lobby {
    key: Key,
    /// How many play in each party.
    parties: BTreeMap<u32, u32>,
}

fn main() -> io::Result<()> {
    let mut lobby = Lobby { key: Key::random()?, parties: BTreeMap::new() };
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("{}", listener.local_addr()?.port());
    io::stdout().flush()?;
    for stream in listener.incoming() {
        // A game that says nothing, or is gone, is no reason to stop for the others.
        let _ = stream.and_then(|stream| serve(&mut lobby, &stream));
    }
    Ok(())
}

fn serve(lobby: &mut Lobby, mut stream: &TcpStream) -> io::Result<()> {
    stream.set_read_timeout(Some(Duration::from_secs(2)))?;
    let mut line = String::new();
    BufReader::new(stream.take(LINE)).read_line(&mut line)?;
    let answer = answer(lobby, line.trim_end())?;
    stream.write_all(format!("{answer}\n").as_bytes())
}

fn answer(lobby: &mut Lobby, line: &str) -> io::Result<String> {
    if line == "host" {
        let id = lobby.parties.len() as u32 + 1;
        lobby.parties.insert(id, 1);
        let [join, watch, this] = [Purpose::Join, Purpose::Watch, Purpose::Match];
        let (join, watch, this) = (lobby.key.seal(join, id)?, lobby.key.seal(watch, id)?, lobby.key.seal(this, id)?);
        return Ok(format!("party {id} {join} {watch} {this}"));
    }
    let Some(secret) = line.strip_prefix("enter ") else { return Ok("no such word".to_owned()) };
    Ok(match lobby.key.open(secret) {
        Some((Purpose::Join, id)) => match lobby.parties.get_mut(&id) {
            Some(players) if *players < MOST => {
                *players += 1;
                format!("join {id} {players} {MOST}")
            }
            Some(_) => "no room".to_owned(),
            None => "no such party".to_owned(),
        },
        Some((Purpose::Watch, id)) if lobby.parties.contains_key(&id) => format!("watch {id}"),
        Some((Purpose::Watch, _)) => "no such party".to_owned(),
        // It tells one match from the next, and lets nobody in.
        Some((Purpose::Match, _)) | None => "no secret of ours".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lobby() -> Lobby {
        Lobby { key: Key::random().unwrap(), parties: BTreeMap::new() }
    }

    fn say(lobby: &mut Lobby, line: &str) -> Vec<String> {
        answer(lobby, line).unwrap().split(' ').map(str::to_owned).collect()
    }

    #[test]
    fn a_secret_lets_in_for_what_it_was_made() {
        let mut lobby = lobby();
        let party = say(&mut lobby, "host");
        assert_eq!(say(&mut lobby, &format!("enter {}", party[2])), ["join", "1", "2", "4"]);
        assert_eq!(say(&mut lobby, &format!("enter {}", party[3])), ["watch", "1"]);
        assert_eq!(say(&mut lobby, &format!("enter {}", party[4]))[0], "no");
    }

    #[test]
    fn a_full_party_takes_nobody() {
        let mut lobby = lobby();
        let party = say(&mut lobby, "host");
        for _ in 1..MOST {
            assert_eq!(say(&mut lobby, &format!("enter {}", party[2]))[0], "join");
        }
        assert_eq!(say(&mut lobby, &format!("enter {}", party[2])), ["no", "room"]);
    }

    #[test]
    fn another_servers_secret_is_none() {
        let (mut one, mut other) = (lobby(), lobby());
        let party = say(&mut other, "host");
        say(&mut one, "host");
        for line in [&format!("enter {}", party[2]), "enter", "enter ", "enter 00", "enter ☃", "x"] {
            assert_eq!(say(&mut one, line)[0], "no", "{line}");
        }
    }
}
