use gamebridge::transport::websocket::inflate::texts;
use gamebridge_proto::wire::gateway::Compression;

use crate::run::saw;

/// The most that a text may be here.
const MOST: usize = 256 << 10;

/// Bytes that claim to be compressed: what they become is bounded, however they were cut, and however often it is tried it is
/// the same.
///
/// The first byte says which compression, the second how long the parts are.
pub fn inflate(data: &[u8]) {
    let [how, cut, rest @ ..] = data else { return };
    let compression = [Compression::Payload, Compression::ZlibStream, Compression::ZstdStream][usize::from(how % 3)];
    let whole = texts(compression, MOST, [rest].into_iter());
    let again = texts(compression, MOST, [rest].into_iter());
    assert_eq!(whole.as_ref().ok(), again.as_ref().ok(), "it is the same every time");
    let parts = texts(compression, MOST, rest.chunks(usize::from(*cut).max(1)));
    for outcome in [&whole, &parts] {
        match outcome {
            Ok(texts) => {
                assert!(texts.iter().all(|text| text.len() <= MOST), "a text is longer than allowed");
                saw(format!("{} texts", texts.len()), texts.iter().map(Vec::len).sum());
            }
            Err(error) => saw(error.message.to_string(), 0),
        }
    }
    if let (Ok(whole), Ok(parts), false) = (&whole, &parts, compression == Compression::Payload)
        && let [one] = &whole[..]
    {
        // What is whole at the end says the same; in parts it may have been whole in between too.
        assert!(parts.concat().len() <= one.len(), "parts said more than the whole");
        assert!(one.starts_with(&parts.concat()), "parts said something else");
    }
}
