//! Histograms as they are recorded: read as counts by place and added up, so that a few hundred places
//! with requests are touched and not the tens of thousands that a histogram has.

use std::io::Cursor;

use flate2::{Decompress, FlushDecompress, Status};
use hdrhistogram::Histogram;
use hdrhistogram::serialization::Deserializer;

/// What `HdrHistogram` V2 in deflate form begins with, and what is inside.
const DEFLATED: u32 = 0x1c84_9314;
const PLAIN: u32 = 0x1c84_9313;
/// The largest count there is: a sign takes a bit.
const MOST: u64 = i64::MAX as u64;
/// Bytes before the counts inside.
const HEADER: usize = 40;

/// What gives the places of a histogram their values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Scale {
    low: u64,
    digits: u32,
}

/// A recorded histogram.
#[derive(Clone, Debug)]
pub(super) struct Counts {
    scale: Scale,
    high: u64,
    by_place: Vec<(usize, u64)>,
}

/// What reads histograms, one after another, with memory that it keeps.
pub(super) struct Decoder {
    inflate: Decompress,
    plain: Vec<u8>,
    /// The bounds that were seen last, and how many places they have.
    room: Option<((Scale, u64), usize)>,
}

impl Decoder {
    pub(super) fn new() -> Self {
        Self {
            inflate: Decompress::new(true),
            plain: Vec::new(),
            room: None,
        }
    }

    pub(super) fn decode(&mut self, encoded: &[u8]) -> Result<Counts, String> {
        self.read(encoded)
            .ok_or_else(|| "not an HdrHistogram in V2 deflate form".to_owned())
    }

    fn read(&mut self, encoded: &[u8]) -> Option<Counts> {
        let (cookie, length) = (be_u32(encoded, 0)?, be_u32(encoded, 4)?);
        let deflated = encoded.get(8..)?.get(..usize::try_from(length).ok()?)?;
        if cookie != DEFLATED {
            return None;
        }
        self.inflate(deflated)?;
        let header = self.plain.get(..HEADER)?;
        let whole = be_u32(header, 0)? == PLAIN
            && be_u32(header, 8)? == 0
            && be_u64(header, 32)? == 1.0_f64.to_bits();
        let length = usize::try_from(be_u32(header, 4)?).ok()?;
        let payload = self.plain.get(HEADER..)?.get(..length)?;
        let counts = Counts {
            scale: Scale {
                digits: be_u32(header, 12)?,
                low: be_u64(header, 16)?,
            },
            high: be_u64(header, 24)?,
            by_place: by_place(payload)?,
        };
        (whole && self.fits(&counts)).then_some(counts)
    }

    /// Whether its counts are within its own bounds: damaged data may have others, and more places than
    /// any histogram has.
    fn fits(&mut self, counts: &Counts) -> bool {
        let bounds = (counts.scale, counts.high);
        if self.room.is_none_or(|(known, _)| known != bounds) {
            let digits = u8::try_from(counts.scale.digits).unwrap_or(u8::MAX);
            let made = Histogram::<u64>::new_with_bounds(counts.scale.low, counts.high, digits);
            self.room = made.ok().map(|made| (bounds, made.distinct_values()));
        }
        let needed = counts.by_place.last().map_or(0, |(place, _)| place + 1);
        self.room.is_some_and(|(_, places)| needed <= places)
    }

    fn inflate(&mut self, deflated: &[u8]) -> Option<()> {
        self.inflate.reset(true);
        self.plain.clear();
        loop {
            self.plain.reserve(self.plain.len().max(4 * deflated.len()));
            let read = usize::try_from(self.inflate.total_in()).ok()?;
            let before = (self.plain.len(), read);
            let status = (self.inflate)
                .decompress_vec(
                    deflated.get(read..)?,
                    &mut self.plain,
                    FlushDecompress::None,
                )
                .ok()?;
            let read = usize::try_from(self.inflate.total_in()).ok()?;
            if status == Status::StreamEnd {
                return Some(());
            }
            if (self.plain.len(), read) == before {
                return None;
            }
        }
    }
}

fn be_u32(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn be_u64(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_be_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// The counts above 0: a number below 0 stands for so many places without any.
fn by_place(payload: &[u8]) -> Option<Vec<(usize, u64)>> {
    let mut found = Vec::with_capacity(payload.len() / 2);
    let (mut at, mut place) = (0, 0_usize);
    while at < payload.len() {
        let number = varint(payload, &mut at)?;
        let magnitude = number >> 1;
        if number & 1 == 0 {
            if magnitude > 0 {
                found.push((place, magnitude));
            }
            place = place.checked_add(1)?;
        } else {
            place = place.checked_add(usize::try_from(magnitude).ok()?.checked_add(1)?)?;
        }
    }
    Some(found)
}

/// Seven bits a byte, the low ones first; the ninth byte has eight.
fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut number = 0;
    for shift in (0..=56).step_by(7) {
        let byte = u64::from(*bytes.get(*at)?);
        *at += 1;
        if shift == 56 || byte & 0x80 == 0 {
            return Some(number | byte << shift);
        }
        number |= (byte & 0x7f) << shift;
    }
    None
}

/// Several recorded histograms as one.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    scale: Option<Scale>,
    high: u64,
    counts: Vec<u64>,
}

impl Sum {
    pub(super) fn add(&mut self, counts: &Counts) -> Result<(), String> {
        let scale = *self.scale.get_or_insert(counts.scale);
        if scale != counts.scale {
            let (a, b) = (counts.scale, scale);
            return Err(format!(
                "it has {} digits from {} on, the others {} from {} on",
                a.digits, a.low, b.digits, b.low
            ));
        }
        self.high = self.high.max(counts.high);
        let needed = counts.by_place.last().map_or(0, |(place, _)| place + 1);
        if needed > self.counts.len() {
            self.counts.resize(needed, 0);
        }
        for (place, count) in &counts.by_place {
            let sum = &mut self.counts[*place];
            *sum = (sum.checked_add(*count).filter(|sum| *sum <= MOST))
                .ok_or("its counts are more than can be counted")?;
        }
        Ok(())
    }

    /// As a histogram; `None` of nothing.
    pub(super) fn histogram(&self) -> Result<Option<Histogram<u64>>, String> {
        let Some(scale) = self.scale else {
            return Ok(None);
        };
        let mut payload = Vec::with_capacity(2 * self.counts.len());
        for run in self.counts.chunk_by(|a, b| *a == 0 && *b == 0) {
            match run[0] {
                0 => push_varint(&mut payload, (run.len() as u64) * 2 - 1),
                count => push_varint(&mut payload, count * 2),
            }
        }
        let length = u32::try_from(payload.len()).map_err(|_| "it is too long".to_owned())?;
        let mut plain = Vec::with_capacity(HEADER + payload.len());
        for word in [PLAIN, length, 0, scale.digits] {
            plain.extend(word.to_be_bytes());
        }
        for word in [scale.low, self.high, 1.0_f64.to_bits()] {
            plain.extend(word.to_be_bytes());
        }
        plain.extend(payload);
        Deserializer::new()
            .deserialize(&mut Cursor::new(plain))
            .map(Some)
            .map_err(|fault| format!("not an HdrHistogram: {fault:?}"))
    }
}

fn push_varint(bytes: &mut Vec<u8>, mut number: u64) {
    for _ in 0..8 {
        if number < 0x80 {
            break;
        }
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::{Serializer as _, V2DeflateSerializer};
    use proptest::prelude::*;

    use super::*;

    fn encoded(histogram: &Histogram<u64>) -> Vec<u8> {
        let mut bytes = Vec::new();
        V2DeflateSerializer::new()
            .serialize(histogram, &mut bytes)
            .unwrap();
        bytes
    }

    fn of(values: &[(u64, u64)]) -> Histogram<u64> {
        let mut histogram = Histogram::<u64>::new(3).unwrap();
        for (value, count) in values {
            histogram.record_n(*value, *count).unwrap();
        }
        histogram
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn the_sum_is_that_of_the_histograms(
            parts in prop::collection::vec(
                prop::collection::vec((1_u64..5_000_000, 1_u64..1 << 40), 0..40),
                1..4,
            ),
        ) {
            let (mut decoder, mut sum, mut whole) = (Decoder::new(), Sum::default(), of(&[]));
            for part in &parts {
                let part = of(part);
                sum.add(&decoder.decode(&encoded(&part)).unwrap()).unwrap();
                whole.add(part).unwrap();
            }
            let sum = sum.histogram().unwrap().unwrap();
            prop_assert_eq!(&sum, &whole);
            prop_assert_eq!((sum.max(), sum.min(), sum.len()), (whole.max(), whole.min(), whole.len()));
        }

        #[test]
        fn damaged_bytes_are_refused_or_read_but_never_a_panic(at in 0_usize..200, byte in any::<u8>()) {
            let mut bytes = encoded(&of(&[(17, 3), (40_000, 1), (41_000, 900)]));
            let at = at % bytes.len();
            bytes[at] = byte;
            if let Ok(counts) = Decoder::new().decode(&bytes) {
                let mut sum = Sum::default();
                if sum.add(&counts).is_ok() {
                    let _ = sum.histogram();
                }
            }
        }
    }

    #[test]
    fn what_is_cut_or_of_another_kind_is_refused() {
        let whole = encoded(&of(&[(17, 3), (40_000, 1)]));
        let mut decoder = Decoder::new();
        for length in 0..whole.len() {
            assert!(decoder.decode(&whole[..length]).is_err(), "{length}");
        }
        assert!(decoder.decode(&whole).is_ok());
        assert!(Sum::default().histogram().unwrap().is_none());
    }

    #[test]
    fn histograms_of_other_digits_are_not_added() {
        let mut other = Histogram::<u64>::new(2).unwrap();
        other.record(5).unwrap();
        let (mut decoder, mut sum) = (Decoder::new(), Sum::default());
        sum.add(&decoder.decode(&encoded(&of(&[(5, 1)]))).unwrap())
            .unwrap();
        let refused = sum.add(&decoder.decode(&encoded(&other)).unwrap());
        assert!(refused.unwrap_err().contains("digits"));
    }
}
