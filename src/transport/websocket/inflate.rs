//! Messages that come compressed: the text of one out of the binary messages that carried it.
//!
//! A stream is one for the whole connection, and a part of it may refer to all that came before; so it is lost with its
//! connection, and a part that is wrong ends it. Where a message ends: a zlib stream ends each with an empty block
//! (`00 00 FF FF`, zlib's sync flush), so a binary message that lacks it goes on in the next; Zstandard flushes whole blocks,
//! so one that ends within a block goes on. The one thing to know before changing it: nothing says how long the text will be.
//! It is capped, by itself and by what it is to the bytes that came ([`FREE`], [`RATIO`]). A server that was asked to compress
//! and does not is believed: its first binary message then has no magic number.

use flate2::{Decompress, FlushDecompress, Status as Flate};
use gamebridge_proto::error::Error;
use gamebridge_proto::wire::gateway::Compression;
use gamebridge_proto::wire::websocket::Refusal;
use gamebridge_proto::wire::websocket::frame::code;
use zstd_safe::{DCtx, DParameter, InBuffer, OutBuffer};

/// A text of this length passes whatever it was before.
pub const FREE: usize = 4 << 20;
/// A longer one has at most so many bytes for each that came. (Whole guilds as JSON shrink to a tenth; what repeats what came
/// before, to a hundredth.)
pub const RATIO: usize = 200;
/// Binary messages that one text may be spread over.
const PARTS: usize = 100_000;
/// Memory beyond this is given back after use.
const KEPT: usize = 1 << 20;
/// How much room there is at least before more is written.
const ROOM: usize = 8 * 1024;
/// What Zstandard may look back on: 8 MiB, which its format asks every reader to have.
const WINDOW_LOG: u32 = 23;

/// See the module.
pub struct Inflater {
    way: Way,
    text: Vec<u8>,
    /// The text was whole, and the next part begins another.
    whole: bool,
    /// Bytes and parts that the present text came in.
    arrived: usize,
    parts: usize,
    /// The last bytes that came, since what marks a message's end may be cut too.
    tail: [u8; 4],
    /// Bytes that a text may have.
    most: usize,
}

enum Way {
    /// Each is a text of its own.
    Payload(Box<Decompress>),
    Zlib(Box<Decompress>),
    Zstd(DCtx<'static>),
}

impl std::fmt::Debug for Inflater {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Inflater")
            .field("text", &self.text.len())
            .field("arrived", &self.arrived)
            .finish_non_exhaustive()
    }
}

impl Inflater {
    /// A reader for this compression; `None` for none. `most` is how long a text may be.
    pub fn new(compression: Compression, most: usize) -> Option<Inflater> {
        let way = match compression {
            Compression::None => return None,
            Compression::Payload => Way::Payload(Box::new(Decompress::new(true))),
            Compression::ZlibStream => Way::Zlib(Box::new(Decompress::new(true))),
            Compression::ZstdStream => {
                let mut context = DCtx::create();
                // A level of its own that the library knows: it can't be refused.
                let _ = context.set_parameter(DParameter::WindowLogMax(WINDOW_LOG));
                Way::Zstd(context)
            }
        };
        Some(Inflater { way, text: Vec::new(), whole: true, arrived: 0, parts: 0, tail: [1; 4], most })
    }

    /// Whether a binary message begins as this compression does.
    pub fn is_its_beginning(&self, bytes: &[u8]) -> bool {
        match self.way {
            Way::Payload(_) | Way::Zlib(_) => match *bytes {
                // RFC 1950 section 2.2: method 8, and both bytes divisible by 31.
                [method, flags, ..] => method & 15 == 8 && u16::from_be_bytes([method, flags]).is_multiple_of(31),
                _ => !bytes.is_empty() && bytes[0] & 15 == 8,
            },
            Way::Zstd(_) => bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd][..bytes.len().min(4)]) && !bytes.is_empty(),
        }
    }

    /// Whether every text begins anew.
    pub fn is_by_payload(&self) -> bool {
        matches!(self.way, Way::Payload(_))
    }

    /// Takes a binary message. True when [`Inflater::text`] is whole.
    ///
    /// # Errors
    /// What is not compressed so, and what becomes too large. The stream cannot be followed after that.
    pub fn feed(&mut self, bytes: &[u8]) -> Result<bool, Refusal> {
        if std::mem::take(&mut self.whole) {
            self.text.clear();
            if self.text.capacity() > KEPT {
                self.text = Vec::new();
            }
            (self.arrived, self.parts) = (0, 0);
        }
        self.arrived += bytes.len();
        for byte in &bytes[bytes.len().saturating_sub(4)..] {
            self.tail.rotate_left(1);
            self.tail[3] = *byte;
        }
        self.parts += 1;
        if self.parts > PARTS {
            return Err(Refusal::new(code::TOO_LONG, "a compressed message is spread over too many parts"));
        }
        let limit = self.most.min(FREE.max(self.arrived.saturating_mul(RATIO)));
        let text = &mut self.text;
        self.whole = match &mut self.way {
            Way::Payload(stream) => {
                stream.reset(true);
                if !inflate(stream, bytes, text, limit)? {
                    return Err(Refusal::new(code::INVALID, "a compressed message ends too early"));
                }
                true
            }
            Way::Zlib(stream) => {
                if inflate(stream, bytes, text, limit)? {
                    return Err(Refusal::new(code::INVALID, "the compressed stream ends, and the connection does not"));
                }
                self.tail == [0, 0, 0xff, 0xff] && !bytes.is_empty()
            }
            Way::Zstd(context) => decompress(context, bytes, text, limit)? && !text.is_empty(),
        };
        Ok(self.whole)
    }

    /// The text, when it is whole.
    pub fn text(&self) -> &[u8] {
        &self.text
    }
}

fn too_large(text: usize, limit: usize) -> Result<(), Refusal> {
    if text <= limit {
        return Ok(());
    }
    Err(Refusal::new(
        code::TOO_LONG,
        format!("a compressed message becomes more than the {limit} bytes that are allowed"),
    ))
}

/// True when the stream says that it ends here.
fn inflate(stream: &mut Decompress, bytes: &[u8], text: &mut Vec<u8>, limit: usize) -> Result<bool, Refusal> {
    let mut rest = bytes;
    loop {
        if text.capacity() - text.len() < ROOM {
            text.reserve(ROOM.max(text.len()));
        }
        let before = stream.total_in();
        let status = stream
            .decompress_vec(rest, text, FlushDecompress::Sync)
            .map_err(|_| Refusal::new(code::INVALID, "a message is not compressed with zlib as it should be"))?;
        rest = &rest[usize::try_from(stream.total_in() - before).unwrap_or(rest.len()).min(rest.len())..];
        too_large(text.len(), limit)?;
        match status {
            Flate::StreamEnd if rest.is_empty() => return Ok(true),
            Flate::StreamEnd => {
                return Err(Refusal::new(code::INVALID, "a compressed message has bytes behind its end"));
            }
            // Room was left, so it holds nothing back.
            _ if rest.is_empty() && text.len() < text.capacity() => return Ok(false),
            Flate::BufError if text.len() < text.capacity() => return Ok(false),
            _ => {}
        }
    }
}

/// True when no block is half in.
fn decompress(context: &mut DCtx<'_>, bytes: &[u8], text: &mut Vec<u8>, limit: usize) -> Result<bool, Refusal> {
    /// What is asked for next when a block was whole: the head of another.
    const HEAD: usize = 3;
    let mut input = InBuffer::around(bytes);
    loop {
        if text.capacity() - text.len() < ROOM {
            text.reserve(ROOM.max(text.len()));
        }
        let at = text.len();
        let mut output = OutBuffer::around_pos(text, at);
        let hint = context
            .decompress_stream(&mut output, &mut input)
            .map_err(|_| Refusal::new(code::INVALID, "a message is not compressed with Zstandard as it should be"))?;
        too_large(text.len(), limit)?;
        if input.pos == bytes.len() && text.len() < text.capacity() {
            return Ok(hint <= HEAD);
        }
    }
}

/// For a decoder that is tried alone: the texts of these parts, or why not.
///
/// # Errors
/// As [`Inflater::feed`].
pub fn texts<'p>(
    compression: Compression,
    most: usize,
    parts: impl Iterator<Item = &'p [u8]>,
) -> Result<Vec<Vec<u8>>, Error> {
    let Some(mut inflater) = Inflater::new(compression, most) else { return Ok(parts.map(<[u8]>::to_vec).collect()) };
    let mut texts = Vec::new();
    for part in parts {
        if inflater.feed(part).map_err(|refusal| refusal.error)? {
            texts.push(inflater.text().to_vec());
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use flate2::{Compress, Compression as Level, FlushCompress};
    use zstd_safe::{CCtx, CParameter, zstd_sys::ZSTD_EndDirective};

    use super::*;

    const MOST: usize = 64 << 20;

    fn messages() -> Vec<Vec<u8>> {
        let mut messages: Vec<Vec<u8>> = (0..200)
            .map(|at| {
                format!(r#"{{"t":"MESSAGE_CREATE","s":{at},"op":0,"d":{{"content":"hello {}"}}}}"#, at * 7919)
                    .into_bytes()
            })
            .collect();
        // Longer than a block of Zstandard's (128 KiB).
        messages.push(
            format!(r#"{{"d":[{}0]}}"#, (0..60_000u64).map(|n| format!("{},", n * n)).collect::<String>()).into_bytes(),
        );
        messages.push(b"{\"op\":11}".to_vec());
        messages
    }

    fn zlib(messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut stream = Compress::new(Level::default(), true);
        messages
            .iter()
            .map(|message| {
                let mut out = Vec::with_capacity(message.len() + 1024);
                stream.compress_vec(message, &mut out, FlushCompress::Sync).expect("room");
                out
            })
            .collect()
    }

    fn zstd(messages: &[Vec<u8>]) -> Vec<Vec<u8>> {
        let mut context = CCtx::create();
        context.set_parameter(CParameter::CompressionLevel(3)).expect("a level");
        messages
            .iter()
            .map(|message| {
                let mut out = Vec::with_capacity(message.len() + 1024);
                let mut output = OutBuffer::around(&mut out);
                let flush = ZSTD_EndDirective::ZSTD_e_flush;
                let left = context.compress_stream2(&mut output, &mut InBuffer::around(message), flush).expect("room");
                assert_eq!(left, 0);
                out
            })
            .collect()
    }

    #[test]
    fn every_message_of_a_stream_comes_out_as_it_was() {
        for (compression, parts) in
            [(Compression::ZlibStream, zlib(&messages())), (Compression::ZstdStream, zstd(&messages()))]
        {
            let texts = texts(compression, MOST, parts.iter().map(Vec::as_slice)).expect("it is well formed");
            assert!(texts == messages(), "{compression:?}");
        }
    }

    #[test]
    fn a_message_may_be_cut_anywhere() {
        let first = messages()[..3].to_vec();
        for (compression, parts) in [(Compression::ZlibStream, zlib(&first)), (Compression::ZstdStream, zstd(&first))] {
            for cut in 1..parts[1].len() {
                let (one, other) = parts[1].split_at(cut);
                let pieces = [&parts[0], one, other, &parts[2]];
                let texts = texts(compression, MOST, pieces.into_iter()).expect("it is well formed");
                // Zstandard's blocks are whole at their ends only, and a cut there looks like a message's.
                assert!(texts == first, "{compression:?} cut at {cut}");
            }
        }
    }

    #[test]
    fn single_payloads_are_read_alone() {
        let payloads: Vec<Vec<u8>> = messages()
            .iter()
            .map(|message| {
                let mut out = Vec::with_capacity(message.len() + 1024);
                Compress::new(Level::default(), true)
                    .compress_vec(message, &mut out, FlushCompress::Finish)
                    .expect("room");
                out
            })
            .collect();
        let read = texts(Compression::Payload, MOST, payloads.iter().map(Vec::as_slice)).expect("it is well formed");
        assert!(read == messages());
        let half = &payloads[0][..payloads[0].len() / 2];
        let error = texts(Compression::Payload, MOST, [half].into_iter()).expect_err("half of one");
        assert!(error.message.contains("ends too early"), "{error}");
    }

    #[test]
    fn a_bomb_is_stopped_by_its_ratio_and_by_its_size() {
        // 1 GiB of zeros, in parts that are small each.
        let zeros = vec![0; 64 << 20];
        let repeated: Vec<Vec<u8>> = vec![zeros; 2];
        for (compression, parts) in
            [(Compression::ZlibStream, zlib(&repeated)), (Compression::ZstdStream, zstd(&repeated))]
        {
            let mut inflater = Inflater::new(compression, MOST).expect("it compresses");
            let refusal = inflater.feed(&parts[0]).expect_err("64 MiB out of nothing");
            assert_eq!(refusal.code, code::TOO_LONG);
            assert!(refusal.error.message.contains("bytes that are allowed"), "{}", refusal.error);
            assert!(inflater.text.capacity() <= 4 * FREE, "{} bytes were held", inflater.text.capacity());
        }
    }

    #[test]
    fn garbage_behind_a_good_beginning_is_an_error() {
        let first = messages()[..2].to_vec();
        for (compression, parts) in [(Compression::ZlibStream, zlib(&first)), (Compression::ZstdStream, zstd(&first))] {
            let garbage = [0xff; 64];
            let error = texts(compression, MOST, [&parts[0][..], &garbage].into_iter()).expect_err("garbage");
            assert!(error.message.contains("is not compressed with"), "{compression:?}: {error}");
        }
    }

    #[test]
    fn a_message_without_end_is_given_up() {
        let mut inflater = Inflater::new(Compression::ZlibStream, MOST).expect("it compresses");
        let refusal = (0..=PARTS).find_map(|_| inflater.feed(b"").err()).expect("it is given up");
        assert_eq!(refusal.code, code::TOO_LONG);
    }

    #[test]
    fn what_is_not_compressed_is_known_by_its_beginning() {
        for (compression, part) in [
            (Compression::ZlibStream, &zlib(&messages()[..1])[0]),
            (Compression::ZstdStream, &zstd(&messages()[..1])[0]),
        ] {
            let inflater = Inflater::new(compression, MOST).expect("it compresses");
            assert!(inflater.is_its_beginning(part) && inflater.is_its_beginning(&part[..1]));
            assert!(!inflater.is_its_beginning(b"{\"op\":10}") && !inflater.is_its_beginning(&[131, 116]));
        }
    }
}
