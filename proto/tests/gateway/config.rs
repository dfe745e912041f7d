//! What a connection is made of, and the secret in it.

use crate::pair::*;

#[test]
fn what_cannot_work_is_refused_before_connecting() {
    let with = |change: &dyn Fn(&mut Config)| {
        let mut config = config();
        change(&mut config);
        Client::new(config).map(|_| ()).map_err(|error| (error.status, error.message.into_owned()))
    };
    let large: Box<[u8]> = format!(r#"{{"a":"{}"}}"#, "x".repeat(5000)).into_bytes().into();
    type Change<'a> = &'a dyn Fn(&mut Config);
    let cases: [(Change<'_>, &str); 16] = [
        (&|config| config.url = Some("http://x".into()), "url: wss:// expected"),
        (&|config| config.url = Some("ws://gateway.discord.gg".into()), "url: ws:// would show the token"),
        (&|config| config.url = Some("ws://127.0.0.1.evil.example".into()), "url: ws:// would show the token"),
        (&|config| config.url = Some("ws://127.0.0.1@evil.example".into()), "url: a host without user"),
        (&|config| config.url = Some("wss://".into()), "url: a host"),
        (&|config| config.url = Some("wss://x/?v=6".into()), "url: an address without query"),
        (&|config| config.url = Some("wss://x y/".into()), "url: an address without query"),
        (&|config| config.token = Secret::new(""), "token: "),
        (&|config| config.token = Secret::new("Bot x"), "token: "),
        (
            &|config| config.shards = Shards::Some([2].into(), 2),
            "shard: [2, 2] given; the number must be below the count",
        ),
        (&|config| config.large_threshold = Some(49), "large_threshold: 50 to 250 expected, 49 given"),
        (&|config| config.presence = Some(b"[]".as_slice().into()), "presence: an object expected"),
        (&|config| config.extras = b"{\"a\":1".as_slice().into(), "identify: "),
        (&|config| config.extras = b"1".as_slice().into(), "identify: an object expected"),
        (&|config| config.extras = b"{\"token\":\"x\"}".as_slice().into(), "identify.token: "),
        (&|config| config.extras = large.clone(), "the Gateway takes 4096"),
    ];
    for (change, words) in cases {
        let (status, message) = with(change).expect_err(words);
        assert_eq!(status, Status::Argument);
        assert!(message.contains(words), "{message}");
        assert!(!message.contains("canary"), "{message}");
    }
    for url in ["ws://127.0.0.1:9200", "ws://[::1]:9200/", "ws://localhost", "wss://gateway.example/path"] {
        assert_eq!(with(&|config| config.url = Some(url.into())), Ok(()), "{url}");
    }
}

#[test]
fn the_token_is_seen_in_identify_only() {
    let mut pair = Pair::new(config());
    pair.client.start(pair.now, &mut pair.out);
    pair.client.handle_opened(pair.now, 0, &mut pair.out);
    pair.frame(&hello());
    let did = pair.did();
    assert!(format!("{did:?}").contains("canary-token"));
    pair.frame(READY);
    pair.closed(Some(4004));
    let did = pair.did();
    assert!(!format!("{did:?} {:?}", pair.client).contains("canary"));
    let bytes: Vec<String> = b"canary".iter().map(u8::to_string).collect();
    assert!(!format!("{:?}", pair.client).contains(&bytes.join(", ")));
}
