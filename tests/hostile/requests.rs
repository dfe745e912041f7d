//! Plain HTTP, as nobody should write it.

use crate::street::{NOT_FOUND, house};
use serde_json::json;

/// A token request that is refused for its body alone, so that each time it is carried out there is one answer.
const BODY: &str = "grant_type=password&client_id=1234";

fn post(headers: &str, body: &str) -> String {
    format!(
        "POST /oauth2/token HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nContent-Type: application/x-www-form-urlencoded\r\n\
         {headers}\r\n{body}"
    )
}

/// How often something was answered.
fn answers(answer: &str) -> usize {
    answer.matches("HTTP/1.1 ").count() - answer.matches("HTTP/1.1 100 ").count()
}

#[test]
fn a_request_within_a_request_is_never_answered() {
    let house = house(&json!({}));
    let length = BODY.len();
    let inner = post(&format!("Content-Length: {length}\r\n"), BODY);
    let chunk = format!("{length:x}\r\n{BODY}\r\n0\r\n\r\n");
    for (headers, body) in [
        (format!("Content-Length: {length}\r\nContent-Length: 0\r\n"), BODY),
        (format!("Content-Length: 0\r\nContent-Length: {length}\r\n"), BODY),
        (format!("Content-Length: {length}\r\nContent-Length: {length}\r\n"), BODY),
        (format!("Content-Length: {length}, {length}\r\n"), BODY),
        (format!("Content-Length: +{length}\r\n"), BODY),
        (format!("Content-Length: 0x{length:x}\r\n"), BODY),
        (format!("Content-Length : {length}\r\n"), BODY),
        (format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n"), &*chunk),
        ("Transfer-Encoding: chunked\r\nContent-Length: 0\r\n".to_owned(), &chunk),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n".to_owned(), &chunk),
        ("Transfer-Encoding: identity, chunked\r\n".to_owned(), &chunk),
        ("Transfer-Encoding: xchunked\r\n".to_owned(), &chunk),
        ("Transfer-Encoding : chunked\r\n".to_owned(), &chunk),
        ("Transfer-Encoding:\x0bchunked\r\n".to_owned(), &chunk),
        ("X: y\r\n\tTransfer-Encoding: chunked\r\n".to_owned(), &chunk),
        ("X: y\rTransfer-Encoding: chunked\r\n".to_owned(), &chunk),
        ("Transfer-Encoding: chunked\r\n".to_owned(), "5;x=\"\r\n0\r\n\r\n\r\n"),
        ("Transfer-Encoding: chunked\r\n".to_owned(), "10000000000000000\r\nx"),
        ("Transfer-Encoding: chunked\r\n".to_owned(), "-1\r\nx\r\n0\r\n\r\n"),
        ("Content-Length: 18446744073709551616\r\n".to_owned(), BODY),
        ("Content-Length: -1\r\n".to_owned(), BODY),
        (String::new(), BODY),
    ] {
        let answer = house.exchange(&format!("{}{inner}", post(&headers, body)));
        assert_eq!(answers(&answer), 1, "{headers}\n{answer}");
        let status = answer.split(' ').nth(1).unwrap_or_default();
        assert!(matches!(status, "400" | "404" | "413"), "{headers}\n{answer}");
    }
    house.serves();
}

#[test]
fn of_requests_in_a_row_the_first_is_answered_and_the_connection_ends() {
    let house = house(&json!({}));
    let one = post(&format!("Connection: keep-alive\r\nContent-Length: {}\r\n", BODY.len()), BODY);
    let answer = house.exchange(&one.repeat(50));
    assert_eq!((answers(&answer), answer.starts_with("HTTP/1.1 400 ")), (1, true), "{answer}");
    assert!(answer.to_ascii_lowercase().contains("connection: close"), "{answer}");
    assert_eq!(house.exchange(&"GET /x HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\n\r\n".repeat(50)), NOT_FOUND);
    house.serves();
}

#[test]
fn who_expects_to_be_told_to_continue_is_told_for_a_route_only() {
    let house = house(&json!({}));
    let headers = format!("Expect: 100-continue\r\nContent-Length: {}\r\n", BODY.len());
    let answer = house.exchange(&post(&headers, BODY));
    assert!(answers(&answer) == 1 && answer.contains("HTTP/1.1 400 "), "{answer}");
    assert_eq!(house.exchange(&post(&headers, BODY).replace("/oauth2/token", "/oauth2/tokens")), NOT_FOUND);
    let absurd = post(&headers.replace("100-continue", "the-unexpected"), BODY);
    assert_eq!(answers(&house.exchange(&absurd)), 1);
    house.serves();
}

#[test]
fn heads_and_bodies_beyond_their_limits_are_refused() {
    let house = house(&json!({}));
    for header in [
        format!("X: {}\r\n", "x".repeat(1 << 20)),
        format!("{}: x\r\n", "X".repeat(1 << 20)),
        "X: y\r\n".repeat(100_000),
    ] {
        assert_eq!(house.exchange(&post(&header, "")), NOT_FOUND);
    }
    assert_eq!(house.exchange(&format!("GET /?{} HTTP/1.1\r\n\r\n", "x".repeat(1 << 20))), NOT_FOUND);
    for (headers, body) in [
        ("Content-Length: 1048576\r\n", "x".repeat(1 << 20)),
        ("Content-Length: 9223372036854775807\r\n", "x".repeat(1 << 17)),
        ("Transfer-Encoding: chunked\r\n", format!("ffffffffffffffff\r\n{}", "x".repeat(1 << 17))),
        ("Transfer-Encoding: chunked\r\n", format!("10000\r\n{}\r\n", "x".repeat(1 << 16)).repeat(20)),
    ] {
        let answer = house.exchange(&post(headers, &body));
        assert!(answer.starts_with("HTTP/1.1 413 ") && answers(&answer) == 1, "{headers}{answer}");
    }
    house.serves();
}
