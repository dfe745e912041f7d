//! What a Gateway's transport adds: TLS, and messages that come compressed or in ETF.

use std::sync::Arc;
use std::time::Duration;

use flate2::{Compress, FlushCompress};
use gamebridge_proto::error::Status;
use gamebridge_proto::value::Document;
use gamebridge_proto::wire::etf;
use gamebridge_proto::wire::gateway::Compression;
use gamebridge_proto::wire::ipc::Opcode;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, crypto};
use zstd_safe::{CCtx, InBuffer, OutBuffer, zstd_sys::ZSTD_EndDirective};

use crate::transport::tls::Trust;
use crate::transport::websocket::{Options, connect};
use crate::transport::{Encoding, Limits, Outbox, Transport};

/// A certificate of our own for `localhost`, good for a hundred years.
const ROOT: &[u8] = include_bytes!("tls/root.pem");
const KEY: &[u8] = include_bytes!("tls/key.pem");

const MESSAGES: [&str; 3] =
    [r#"{"op":10,"d":{"heartbeat_interval":41250}}"#, r#"{"op":0,"s":1,"t":"READY","d":{"v":10}}"#, r#"{"op":11}"#];

fn acceptor() -> TlsAcceptor {
    let certificates = CertificateDer::pem_slice_iter(ROOT).map(|found| found.expect("a certificate")).collect();
    let key = PrivateKeyDer::from_pem_slice(KEY).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring has them")
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .expect("they belong together");
    TlsAcceptor::from(Arc::new(config))
}

/// Answers the handshake, says these messages as binary frames, and reads what comes until the end.
async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, messages: Vec<Vec<u8>>) -> Vec<u8> {
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        request.push(stream.read_u8().await.expect("a request"));
    }
    let request = String::from_utf8(request).expect("text");
    let key = request.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: ")).expect("a key");
    let accept = tokio_tungstenite::tungstenite::handshake::derive_accept_key(key.as_bytes());
    let head =
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ";
    let mut bytes = format!("{head}{accept}\r\n\r\n").into_bytes();
    for message in messages {
        bytes.push(0x82);
        match message.len() {
            short @ 0..126 => bytes.push(short as u8),
            long => {
                bytes.push(126);
                bytes.extend_from_slice(&u16::try_from(long).expect("below 64 KiB").to_be_bytes());
            }
        }
        bytes.extend_from_slice(&message);
    }
    stream.write_all(&bytes).await.expect("it reads");
    stream.flush().await.expect("it reads");
    let mut rest = Vec::new();
    // It may end without TLS's own farewell.
    let _ = stream.read_to_end(&mut rest).await;
    rest
}

async fn read(transport: &mut Transport, count: usize) -> Vec<String> {
    let (mut out, mut texts) = (Outbox::new(), Vec::new());
    while texts.len() < count {
        tokio::time::timeout(Duration::from_secs(10), transport.drive(&mut out))
            .await
            .expect("in time")
            .expect("frames");
        while let Some(frame) = transport.next_frame().expect("a frame") {
            texts.push(String::from_utf8(frame.payload.to_vec()).expect("text"));
        }
    }
    texts
}

fn wrapped(compression: Compression, encoding: Encoding) -> Vec<Vec<u8>> {
    let messages = MESSAGES.iter().map(|text| match encoding {
        Encoding::Json => text.as_bytes().to_vec(),
        Encoding::Etf => {
            let mut term = Vec::new();
            etf::from_json(text.as_bytes(), &mut Document::new(), &mut term).expect("it can be said");
            term
        }
    });
    let (mut zlib, mut zstd) = (Compress::new(flate2::Compression::default(), true), CCtx::create());
    let wrap = |message: Vec<u8>| -> Vec<u8> {
        let mut out = Vec::with_capacity(1024);
        match compression {
            Compression::None => return message,
            Compression::Payload => {
                let mut alone = Compress::new(flate2::Compression::default(), true);
                alone.compress_vec(&message, &mut out, FlushCompress::Finish).expect("room");
            }
            Compression::ZlibStream => {
                zlib.compress_vec(&message, &mut out, FlushCompress::Sync).expect("room");
            }
            Compression::ZstdStream => {
                let (mut output, mut input) = (OutBuffer::around(&mut out), InBuffer::around(&message));
                let flush = ZSTD_EndDirective::ZSTD_e_flush;
                assert_eq!(zstd.compress_stream2(&mut output, &mut input, flush).expect("room"), 0);
            }
        }
        out
    };
    messages.map(wrap).collect()
}

#[tokio::test]
async fn every_encoding_comes_through_every_compression() {
    for (_, compression) in Compression::ALL {
        for encoding in [Encoding::Json, Encoding::Etf] {
            let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
            let url = format!("ws://{}/", listener.local_addr().expect("bound"));
            let server = tokio::spawn(async move {
                let (stream, _) = listener.accept().await.expect("a client");
                serve(stream, wrapped(compression, encoding)).await
            });
            let options = Options { compression, encoding, limits: Limits::GATEWAY, ..Options::default() };
            let mut transport = connect(&url, &options).await.expect("a connection");
            assert_eq!(read(&mut transport, 3).await, MESSAGES, "{compression:?} {encoding:?}");
            transport.close(Outbox::new(), 4900, "").await;
            server.await.expect("it ends");
        }
    }
}

#[tokio::test]
async fn a_server_that_does_not_compress_is_understood() {
    for (_, compression) in Compression::ALL {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("ws://{}/", listener.local_addr().expect("bound"));
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            serve(stream, wrapped(Compression::None, Encoding::Json)).await
        });
        let options = Options { compression, limits: Limits::GATEWAY, ..Options::default() };
        let mut transport = connect(&url, &options).await.expect("a connection");
        assert_eq!(read(&mut transport, 3).await, MESSAGES, "{compression:?}");
        transport.close(Outbox::new(), 4900, "").await;
        server.await.expect("it ends");
    }
}

#[tokio::test]
async fn tls_carries_both_ways_and_counts_what_was_written() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("bound").port();
    let server = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.expect("a client");
        serve(acceptor().accept(stream).await.expect("TLS"), wrapped(Compression::ZstdStream, Encoding::Json)).await
    });
    let trust = Some(Trust::also(ROOT).expect("a root"));
    let compression = Compression::ZstdStream;
    let options = Options { compression, trust, limits: Limits::GATEWAY, ..Options::default() };
    let mut transport = connect(&format!("wss://localhost:{port}/"), &options).await.expect("a connection");
    assert_eq!(read(&mut transport, 3).await, MESSAGES);
    let mut out = Outbox::new();
    let large = format!("\"{}\"", "x".repeat(3 << 20));
    out.push(Opcode::Frame, large.as_bytes());
    out.push(Opcode::Frame, b"{}");
    transport.write(&mut out).await.expect("it reads");
    assert_eq!(out.unwritten(), 0);
    transport.close(out, 4900, "").await;
    let read = server.await.expect("it ends");
    assert!(read.len() > large.len(), "{} bytes came", read.len());
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_or_another_hosts_is_refused() {
    for (host, trust) in [("localhost", None), ("127.0.0.1", Some(Trust::also(ROOT).expect("a root")))] {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("bound").port();
        let server = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.expect("a client");
            assert!(acceptor().accept(stream).await.is_err(), "the client goes away");
        });
        let error = connect(&format!("wss://{host}:{port}/"), &Options { trust, ..Options::default() })
            .await
            .expect_err("it is not to be trusted");
        assert_eq!(error.status, Status::Protocol, "{error}");
        assert!(error.message.starts_with("no TLS with"), "{error}");
        server.await.expect("it ends");
    }
    for (pem, words) in
        [(&b""[..], "a PEM text"), (b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "a PEM text")]
    {
        assert!(Trust::also(pem).expect_err("no certificate").message.contains(words));
    }
}
