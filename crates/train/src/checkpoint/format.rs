//! Bytes of a checkpoint: the magic word, the length of a header, the header in JSON, the numbers, a checksum of it all.

use super::{Checkpoint, Identity, Snapshot};
use crate::Position;
use nn::Buffer;
use serde::{Deserialize, Serialize};
use twox_hash::XxHash3_64;

/// Begins every file; another format gets another number.
const MAGIC: &[u8; 8] = b"lenetck1";
/// Bytes of a length, and of the checksum.
const WORD: usize = 8;

/// Bytes that are no checkpoint.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckpointError {
    /// Another kind of file, or of another version of this program.
    #[error("not a checkpoint of this version of lenet")]
    Foreign,
    /// Cut short, or changed after it was written.
    #[error("torn or damaged: its checksum does not fit")]
    Torn,
    /// Whole, but not what this program writes.
    #[error("its header cannot be read: {0}")]
    Header(String),
}

/// What stands in the header.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header<I, P> {
    identity: I,
    position: P,
    updates: u64,
    buffers: Vec<(String, usize)>,
}

impl Snapshot<'_> {
    /// The file's bytes.
    pub(crate) fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let buffers = self.buffers.iter().map(|(name, x)| ((*name).to_owned(), x.len())).collect();
        let (identity, position) = (self.identity, self.position);
        let header = serde_json::to_vec(&Header { identity, position, updates: self.updates, buffers })?;
        let numbers: usize = self.buffers.iter().map(|(_, x)| x.len()).sum();
        let mut bytes = Vec::with_capacity(MAGIC.len() + 2 * WORD + header.len() + 4 * numbers);
        bytes.extend(MAGIC);
        bytes.extend((header.len() as u64).to_le_bytes());
        bytes.extend(header);
        for (_, buffer) in &self.buffers {
            bytes.extend(buffer.iter().flat_map(|x| x.to_le_bytes()));
        }
        bytes.extend(XxHash3_64::oneshot(&bytes).to_le_bytes());
        Ok(bytes)
    }
}

impl Checkpoint {
    /// Reads a file's bytes.
    ///
    /// # Errors
    /// [`CheckpointError`]: another file, a torn one, or one that another program wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let Some(rest) = bytes.strip_prefix(MAGIC) else {
            // A file that was cut within its first word is torn, not foreign.
            let cut = MAGIC.starts_with(bytes);
            return Err(if cut { CheckpointError::Torn } else { CheckpointError::Foreign });
        };
        let (rest, sum) = rest.split_last_chunk::<WORD>().ok_or(CheckpointError::Torn)?;
        if XxHash3_64::oneshot(&bytes[..bytes.len() - WORD]) != u64::from_le_bytes(*sum) {
            return Err(CheckpointError::Torn);
        }
        let (length, rest) = rest.split_first_chunk::<WORD>().ok_or(CheckpointError::Torn)?;
        let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| CheckpointError::Torn)?;
        let (header, numbers) = rest.split_at_checked(length).ok_or(CheckpointError::Torn)?;
        let header: Header<Identity, Position> =
            serde_json::from_slice(header).map_err(|error| CheckpointError::Header(error.to_string()))?;
        let Header { identity, position, updates, buffers } = header;
        Ok(Self { identity, position, updates, buffers: split(buffers, numbers)? })
    }
}

/// Cuts the numbers as the header says; a header that does not fit them is refused before anything is allocated.
fn split(
    layout: Vec<(String, usize)>,
    mut numbers: &[u8],
) -> Result<Vec<(String, Buffer<f32>)>, CheckpointError> {
    let unfit = || CheckpointError::Header("its lengths do not fit the file".into());
    let mut buffers = Vec::with_capacity(layout.len());
    for (name, len) in layout {
        let bytes = len.checked_mul(4).ok_or_else(unfit)?;
        let (own, rest) = numbers.split_at_checked(bytes).ok_or_else(unfit)?;
        let mut buffer = Buffer::zeros(len);
        for (x, &word) in buffer.iter_mut().zip(own.as_chunks::<4>().0) {
            *x = f32::from_le_bytes(word);
        }
        buffers.push((name, buffer));
        numbers = rest;
    }
    if numbers.is_empty() { Ok(buffers) } else { Err(unfit()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{history::Metrics, metrics::Tally};

    fn bytes() -> Vec<u8> {
        let mut tally = Tally::default();
        tally.add(0.1 + 0.2, &[0.5, 0.1], &[0]);
        let best =
            Some(crate::BestEpoch { epoch: 1, val: Metrics { loss: 1.0 / 3.0, ..Metrics::default() } });
        let position = Position { step: 7, epoch: 1, batch: 3, tally, lr: 1e-3, best, ..Position::default() };
        let identity = Identity { recipe: "a = 1".into(), model: "{}".into(), data: "0f".into() };
        let buffers = vec![("weights", &[1.0, -0.0, f32::MIN_POSITIVE / 8.0][..]), ("mean", &[][..])];
        Snapshot { identity: &identity, position: &position, updates: 7, buffers }.to_bytes().unwrap()
    }

    #[test]
    fn every_number_comes_back_to_the_bit() {
        let checkpoint = Checkpoint::from_bytes(&bytes()).unwrap();
        let Checkpoint { identity, position, updates, .. } = &checkpoint;
        let buffers = checkpoint.buffers.iter().map(|(name, x)| (name.as_str(), &**x)).collect();
        let again = Snapshot { identity, position, updates: *updates, buffers }.to_bytes().unwrap();
        assert!(again == bytes());
        let weights = checkpoint.buffer("weights").unwrap();
        assert_eq!(weights[1].to_bits(), (-0.0_f32).to_bits());
        assert_eq!(position.best.unwrap().val.loss, 1.0 / 3.0);
    }

    #[test]
    fn a_file_cut_anywhere_or_with_any_byte_changed_is_refused() {
        let whole = bytes();
        for len in 0..whole.len() {
            assert!(Checkpoint::from_bytes(&whole[..len]).is_err(), "cut at {len}");
        }
        for at in 0..whole.len() {
            let mut changed = whole.clone();
            changed[at] ^= 0x10;
            assert!(Checkpoint::from_bytes(&changed).is_err(), "byte {at}");
        }
        assert_eq!(Checkpoint::from_bytes(b"safetensors").unwrap_err(), CheckpointError::Foreign);
        assert_eq!(Checkpoint::from_bytes(b"").unwrap_err(), CheckpointError::Torn);
    }
}
