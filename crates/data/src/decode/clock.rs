//! A bound on the time that a picture's decoding may take: its bytes are handed out by a reader that looks at the clock.
//!
//! No decoder at hand can be interrupted, but each asks for its bytes bit by bit. Every [`STRIDE`] bytes the clock is looked
//! at; once the time is over, reading fails and with it the decoder, on its own thread and with its memory given back.
//! What a decoder does without reading isn't seen before it reads again: it is bounded by [`Limits::pixels`]. A
//! WebP is read whole before it is decoded.
//!
//! [`Limits::pixels`]: super::Limits::pixels

use std::{
    cell::Cell,
    io::{self, BufRead, ErrorKind, Read, Seek, SeekFrom},
    time::{Duration, Instant},
};
use zune_jpeg::zune_core::bytestream::{ZByteIoError, ZByteReaderTrait, ZSeekFrom};

/// Bytes between two looks at the clock.
const STRIDE: usize = 16 << 10;
const TIME_IS_OVER: &str = "the time for it is over";

/// When decoding must be done.
pub(super) struct Clock {
    begin: Instant,
    time: Duration,
    late: Cell<bool>,
}

impl Clock {
    pub(super) fn start(time: Duration) -> Self {
        Self { begin: Instant::now(), time, late: Cell::new(false) }
    }

    /// Whether a reader has found the time to be over: then whatever came out is not the picture.
    pub(super) fn was_late(&self) -> bool {
        self.late.get()
    }

    fn is_late(&self) -> bool {
        let late = self.late.get() || self.begin.elapsed() > self.time;
        self.late.set(late);
        late
    }
}

/// Bytes as far as they may be read without another look at the clock.
struct Bytes<'a> {
    all: &'a [u8],
    open: &'a [u8],
    /// Of the next byte; may lie behind the end.
    position: usize,
    clock: &'a Clock,
}

impl<'a> Bytes<'a> {
    fn new(all: &'a [u8], clock: &'a Clock) -> Self {
        Self { all, open: &[], position: 0, clock }
    }

    /// All from the position to where the clock must be looked at again, at least one; none at the end or if it is late.
    fn next(&mut self) -> &'a [u8] {
        if self.position >= self.open.len() && self.position < self.all.len() && !self.clock.is_late() {
            self.open = &self.all[..self.all.len().min(self.position + STRIDE)];
        }
        self.open.get(self.position..).unwrap_or_default()
    }

    /// As many as there are; their number.
    fn read(&mut self, buffer: &mut [u8]) -> usize {
        let mut done = 0;
        while done < buffer.len() {
            let next = self.next();
            if next.is_empty() {
                break;
            }
            let count = next.len().min(buffer.len() - done);
            buffer[done..done + count].copy_from_slice(&next[..count]);
            self.position += count;
            done += count;
        }
        done
    }

    fn seek(&mut self, base: usize, offset: i64) -> Option<u64> {
        self.position = usize::try_from(base as i64 + offset).ok()?;
        Some(self.position as u64)
    }
}

/// For `zune-jpeg`, which asks for four bytes at a time: here they are one comparison and one load away.
pub(super) struct JpegBytes<'a>(Bytes<'a>);

impl<'a> JpegBytes<'a> {
    pub(super) fn new(bytes: &'a [u8], clock: &'a Clock) -> Self {
        Self(Bytes::new(bytes, clock))
    }

    #[cold]
    #[inline(never)]
    fn read_byte_slowly(&mut self) -> u8 {
        let Some(&byte) = self.0.next().first() else { return 0 };
        self.0.position += 1;
        byte
    }

    #[cold]
    #[inline(never)]
    fn read_slowly(&mut self, buffer: &mut [u8]) -> Result<(), ZByteIoError> {
        let found = self.0.read(buffer);
        if found == buffer.len() {
            return Ok(());
        }
        self.0.position -= found;
        Err(ZByteIoError::NotEnoughBytes(found, buffer.len()))
    }
}

impl ZByteReaderTrait for JpegBytes<'_> {
    #[inline(always)]
    fn read_byte_no_error(&mut self) -> u8 {
        match self.0.open.get(self.0.position) {
            Some(&byte) => {
                self.0.position += 1;
                byte
            }
            None => self.read_byte_slowly(),
        }
    }

    #[inline(always)]
    fn read_exact_bytes(&mut self, buffer: &mut [u8]) -> Result<(), ZByteIoError> {
        if let Ok(four) = <&mut [u8; 4]>::try_from(&mut *buffer) {
            let next = self.0.open.get(self.0.position..).and_then(|next| next.first_chunk());
            if let Some(next) = next {
                *four = *next;
                self.0.position += 4;
                return Ok(());
            }
        }
        self.read_slowly(buffer)
    }

    fn read_bytes(&mut self, buffer: &mut [u8]) -> Result<usize, ZByteIoError> {
        Ok(self.0.read(buffer))
    }

    fn peek_bytes(&mut self, buffer: &mut [u8]) -> Result<usize, ZByteIoError> {
        let found = self.0.read(buffer);
        self.0.position -= found;
        Ok(found)
    }

    fn peek_exact_bytes(&mut self, buffer: &mut [u8]) -> Result<(), ZByteIoError> {
        self.read_exact_bytes(buffer)?;
        self.0.position -= buffer.len();
        Ok(())
    }

    #[inline(always)]
    fn z_seek(&mut self, from: ZSeekFrom) -> Result<u64, ZByteIoError> {
        let (base, offset) = match from {
            ZSeekFrom::Start(at) => (0, at as i64),
            ZSeekFrom::End(offset) => (self.0.all.len(), offset),
            ZSeekFrom::Current(offset) => (self.0.position, offset),
        };
        self.0.seek(base, offset).ok_or(ZByteIoError::SeekError("before the beginning"))
    }

    #[inline(always)]
    fn is_eof(&mut self) -> Result<bool, ZByteIoError> {
        if self.0.clock.was_late() {
            return Err(ZByteIoError::Generic(TIME_IS_OVER));
        }
        Ok(self.0.position >= self.0.all.len())
    }

    #[inline(always)]
    fn z_position(&mut self) -> Result<u64, ZByteIoError> {
        Ok(self.0.position as u64)
    }

    fn read_remaining(&mut self, sink: &mut Vec<u8>) -> Result<usize, ZByteIoError> {
        let before = sink.len();
        sink.resize(before + self.0.all.len().saturating_sub(self.0.position), 0);
        let found = self.0.read(&mut sink[before..]);
        sink.truncate(before + found);
        Ok(found)
    }
}

/// For the `image` crate.
pub(super) struct TimedCursor<'a>(Bytes<'a>);

impl<'a> TimedCursor<'a> {
    pub(super) fn new(bytes: &'a [u8], clock: &'a Clock) -> Self {
        Self(Bytes::new(bytes, clock))
    }

    fn in_time(&self) -> io::Result<()> {
        if self.0.clock.was_late() { Err(io::Error::new(ErrorKind::TimedOut, TIME_IS_OVER)) } else { Ok(()) }
    }
}

impl Read for TimedCursor<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let found = self.0.read(buffer);
        self.in_time()?;
        Ok(found)
    }
}

impl BufRead for TimedCursor<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        let next = self.0.next();
        self.in_time()?;
        Ok(next)
    }

    fn consume(&mut self, count: usize) {
        self.0.position += count;
    }
}

impl Seek for TimedCursor<'_> {
    fn seek(&mut self, from: SeekFrom) -> io::Result<u64> {
        let (base, offset) = match from {
            SeekFrom::Start(at) => (0, i64::try_from(at).unwrap_or(i64::MAX)),
            SeekFrom::End(offset) => (self.0.all.len(), offset),
            SeekFrom::Current(offset) => (self.0.position, offset),
        };
        self.0.seek(base, offset).ok_or_else(|| ErrorKind::InvalidInput.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Cursor;
    use zune_jpeg::zune_core::bytestream::ZCursor;

    const LONG: Duration = Duration::from_secs(3600);

    proptest! {
        #[test]
        fn a_reader_in_time_is_a_cursor(bytes in prop::collection::vec(any::<u8>(), 0..80), steps in prop::collection::vec((0_usize..9, 0_i64..40), 0..60)) {
            // A stride of 16 KiB is never met by so few bytes: the long file below stands for that.
            let clock = Clock::start(LONG);
            let (mut own, mut usual) = (JpegBytes::new(&bytes, &clock), ZCursor::new(&bytes));
            for (kind, n) in steps {
                let (mut a, mut b) = (vec![0; n as usize], vec![0; n as usize]);
                match kind {
                    0 => prop_assert_eq!(own.read_byte_no_error(), usual.read_byte_no_error()),
                    1 => prop_assert_eq!(own.read_exact_bytes(&mut a).is_ok(), usual.read_exact_bytes(&mut b).is_ok()),
                    2 => prop_assert_eq!(own.read_bytes(&mut a).ok(), usual.read_bytes(&mut b).ok()),
                    3 => prop_assert_eq!(own.peek_bytes(&mut a).ok(), usual.peek_bytes(&mut b).ok()),
                    4 => prop_assert_eq!(own.z_seek(ZSeekFrom::Current(-n)).is_ok(), usual.z_seek(ZSeekFrom::Current(-n)).is_ok()),
                    5 => prop_assert_eq!(own.z_seek(ZSeekFrom::Start(n as u64)).ok(), usual.z_seek(ZSeekFrom::Start(n as u64)).ok()),
                    6 => prop_assert_eq!(own.z_seek(ZSeekFrom::End(-n)).is_ok(), usual.z_seek(ZSeekFrom::End(-n)).is_ok()),
                    7 => prop_assert_eq!(own.is_eof().ok(), usual.is_eof().ok()),
                    _ => {
                        let (mut a, mut b) = ([0; 4], [0; 4]);
                        prop_assert_eq!(own.read_exact_bytes(&mut a).is_ok(), usual.read_exact_bytes(&mut b).is_ok());
                        prop_assert_eq!(a, b);
                    }
                }
                if kind != 1 {
                    prop_assert_eq!(a, b);
                }
                prop_assert_eq!(own.z_position().ok(), usual.z_position().ok());
            }
        }
    }

    #[test]
    fn a_long_file_is_read_whole_across_the_looks_at_the_clock() {
        let bytes: Vec<u8> = (0..5 * STRIDE as u32 + 3).map(|i| (i * 7 % 251) as u8).collect();
        let clock = Clock::start(LONG);
        let (mut all, mut wanted) = (Vec::new(), Vec::new());
        TimedCursor::new(&bytes, &clock).read_to_end(&mut all).unwrap();
        Cursor::new(&bytes).read_to_end(&mut wanted).unwrap();
        assert!(all == wanted);
        let mut jpeg = JpegBytes::new(&bytes, &clock);
        let mut four = [0; 4];
        for wanted in bytes.chunks_exact(4) {
            jpeg.read_exact_bytes(&mut four).unwrap();
            assert_eq!(four, wanted);
        }
        assert_eq!((jpeg.read_byte_no_error(), jpeg.is_eof().ok()), (bytes[bytes.len() - 3], Some(false)));
    }

    #[test]
    fn once_the_time_is_over_nothing_more_is_read() {
        let bytes = [7; 2 * STRIDE];
        let clock = Clock { time: Duration::ZERO, ..Clock::start(LONG) };
        std::thread::sleep(Duration::from_millis(1));
        assert!(!clock.was_late());
        assert_eq!(JpegBytes::new(&bytes, &clock).read_byte_no_error(), 0);
        assert!(clock.was_late() && JpegBytes::new(&bytes, &clock).is_eof().is_err());
        let mut cursor = TimedCursor::new(&bytes, &clock);
        assert_eq!(cursor.fill_buf().unwrap_err().kind(), ErrorKind::TimedOut);
        assert_eq!(cursor.read(&mut [0; 4]).unwrap_err().kind(), ErrorKind::TimedOut);
    }
}
