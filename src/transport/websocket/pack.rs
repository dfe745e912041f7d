//! What a Gateway compresses: each message by itself, or the whole connection as one stream that is flushed after each.
//!
//! Levels are low: a sandbox is for tests, and its clients are on the same machine.

use std::fmt;
use std::io;

use flate2::{Compress, FlushCompress, Status};
use gamebridge_proto::wire::gateway::Compression;
use zstd_safe::zstd_sys::ZSTD_EndDirective;
use zstd_safe::{CCtx, InBuffer, OutBuffer};

/// Room that the compressors are given at a time.
const STEP: usize = 16 << 10;
/// Scratch beyond this is given back.
const KEPT: usize = 256 << 10;
const LEVEL: u32 = 3;

/// See the module.
pub(super) enum Packer {
    None,
    Payload(Vec<u8>),
    Zlib(Box<Compress>, Vec<u8>),
    Zstd(CCtx<'static>, Vec<u8>),
}

impl fmt::Debug for Packer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Packer::None => "None",
            Packer::Payload(_) => "Payload",
            Packer::Zlib(..) => "Zlib",
            Packer::Zstd(..) => "Zstd",
        })
    }
}

fn zlib() -> Compress {
    Compress::new(flate2::Compression::new(LEVEL), true)
}

impl Packer {
    pub(super) fn new(compression: Compression) -> Packer {
        match compression {
            Compression::None => Packer::None,
            Compression::Payload => Packer::Payload(Vec::new()),
            Compression::ZlibStream => Packer::Zlib(Box::new(zlib()), Vec::new()),
            Compression::ZstdStream => Packer::Zstd(CCtx::create(), Vec::new()),
        }
    }

    /// A message as it goes out; `None` when it goes out as it is.
    ///
    /// # Errors
    /// The compressor is out of order, and the connection with it.
    pub(super) fn pack(&mut self, message: &[u8]) -> io::Result<Option<&[u8]>> {
        match self {
            Packer::None => Ok(None),
            Packer::Payload(out) => deflate(&mut zlib(), message, out, FlushCompress::Finish).map(Some),
            Packer::Zlib(stream, out) => deflate(stream, message, out, FlushCompress::Sync).map(Some),
            Packer::Zstd(stream, out) => {
                renew(out);
                let mut input = InBuffer::around(message);
                loop {
                    out.reserve(STEP);
                    let at = out.len();
                    let mut output = OutBuffer::around_pos(out, at);
                    let left = stream
                        .compress_stream2(&mut output, &mut input, ZSTD_EndDirective::ZSTD_e_flush)
                        .map_err(|code| io::Error::other(zstd_safe::get_error_name(code)))?;
                    if left == 0 {
                        return Ok(Some(out));
                    }
                }
            }
        }
    }
}

fn renew(out: &mut Vec<u8>) {
    out.clear();
    out.shrink_to(KEPT);
}

fn deflate<'o>(
    stream: &mut Compress,
    message: &[u8],
    out: &'o mut Vec<u8>,
    flush: FlushCompress,
) -> io::Result<&'o [u8]> {
    renew(out);
    let begin = stream.total_in();
    loop {
        out.reserve(STEP);
        let given = usize::try_from(stream.total_in() - begin).unwrap_or(message.len());
        let status = stream.compress_vec(&message[given..], out, flush).map_err(io::Error::other)?;
        let all = stream.total_in() - begin == message.len() as u64;
        // Room that is left over tells that all is out.
        if status == Status::StreamEnd || all && flush == FlushCompress::Sync && out.len() < out.capacity() {
            return Ok(out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Decompress, FlushDecompress};

    /// Texts that are empty, small, larger than a step, and hard to compress.
    fn messages() -> Vec<Vec<u8>> {
        let mut state = 1u32;
        let noise = (0..3 * STEP).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        });
        vec![b"{}".to_vec(), vec![b'x'; 5 * STEP], noise.collect(), b"{\"op\":11}".to_vec()]
    }

    #[test]
    fn a_zlib_stream_is_whole_after_each_message() {
        let (mut packer, mut unpack) = (Packer::new(Compression::ZlibStream), Decompress::new(true));
        for message in messages() {
            let packed = packer.pack(&message).unwrap().unwrap();
            assert!(packed.ends_with(&[0, 0, 0xFF, 0xFF]), "a flush ends it");
            let mut seen = Vec::with_capacity(message.len() + 16);
            unpack.decompress_vec(packed, &mut seen, FlushDecompress::Sync).unwrap();
            assert_eq!(seen, message);
        }
    }

    #[test]
    fn a_payload_is_a_zlib_text_of_its_own() {
        let mut packer = Packer::new(Compression::Payload);
        for message in messages() {
            let mut seen = Vec::with_capacity(message.len() + 16);
            let packed = packer.pack(&message).unwrap().unwrap();
            let status = Decompress::new(true).decompress_vec(packed, &mut seen, FlushDecompress::Finish).unwrap();
            assert_eq!((status, seen), (Status::StreamEnd, message));
        }
    }

    #[test]
    fn a_zstd_stream_is_whole_after_each_message() {
        let (mut packer, mut unpack) = (Packer::new(Compression::ZstdStream), zstd_safe::DCtx::create());
        for message in messages() {
            let packed = packer.pack(&message).unwrap().unwrap();
            let (mut input, mut seen) = (InBuffer::around(packed), Vec::with_capacity(message.len() + STEP));
            while input.pos() < packed.len() {
                let at = seen.len();
                let mut output = OutBuffer::around_pos(&mut seen, at);
                unpack.decompress_stream(&mut output, &mut input).unwrap();
            }
            assert_eq!(seen, message);
        }
    }
}
