//! Columns as a Parquet file.

use polars::prelude::*;
use polars_io::parquet::write::{ParquetCompression, ParquetWriter};

/// A column to be written.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Words.
    Words(Vec<Option<String>>),
    /// Whole numbers.
    Counts(Vec<Option<u64>>),
    /// Numbers.
    Numbers(Vec<Option<f64>>),
}

impl Values {
    /// Puts another part of the column behind this one. A part in which nothing stands has no type of
    /// its own.
    pub fn append(&mut self, next: Self) {
        match (&mut *self, next) {
            (Self::Words(values), Self::Words(next)) => values.extend(next),
            (Self::Counts(values), Self::Counts(next)) => values.extend(next),
            (Self::Numbers(values), Self::Numbers(next)) => values.extend(next),
            (Self::Counts(values), Self::Words(next)) => values.extend(next.iter().map(|_| None)),
            (Self::Numbers(values), Self::Words(next)) => values.extend(next.iter().map(|_| None)),
            (Self::Words(values), mut next) => {
                next.put_before(values.len());
                *self = next;
            }
            (Self::Counts(values), next @ Self::Numbers(_)) => {
                let numbers = values.iter().map(|count| count.map(|count| count as f64));
                *self = Self::Numbers(numbers.collect());
                self.append(next);
            }
            (Self::Numbers(values), Self::Counts(next)) => {
                values.extend(next.iter().map(|count| count.map(|count| count as f64)));
            }
        }
    }

    /// Puts so many empty values before these.
    fn put_before(&mut self, empty: usize) {
        match self {
            Self::Words(values) => drop(values.splice(..0, (0..empty).map(|_| None))),
            Self::Counts(values) => drop(values.splice(..0, (0..empty).map(|_| None))),
            Self::Numbers(values) => drop(values.splice(..0, (0..empty).map(|_| None))),
        }
    }
}

/// The file's bytes; the same columns always give the same.
pub fn parquet(columns: Vec<(String, Values)>) -> PolarsResult<Vec<u8>> {
    let columns: Vec<Column> = (columns.into_iter())
        .map(|(name, values)| match values {
            Values::Words(values) => Column::new(name.into(), values),
            Values::Counts(values) => Column::new(name.into(), values),
            Values::Numbers(values) => Column::new(name.into(), values),
        })
        .collect();
    let mut frame = DataFrame::new_infer_height(columns)?;
    let mut bytes = Vec::new();
    // Snappy is what every reader knows, and small tables gain nothing from better.
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Snappy)
        .set_parallel(false)
        .finish(&mut frame)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use polars_io::SerReader as _;
    use polars_io::parquet::read::ParquetReader;

    use super::*;

    #[test]
    fn parts_of_a_column_have_the_type_of_those_that_say_something() {
        let empty = || Values::Words(vec![None]);
        let numbers = || Values::Numbers(vec![Some(0.5)]);
        let mut column = empty();
        column.append(Values::Counts(vec![Some(1)]));
        column.append(empty());
        assert_eq!(column, Values::Counts(vec![None, Some(1), None]));
        column.append(numbers());
        column.append(Values::Counts(vec![Some(2)]));
        let all = vec![None, Some(1.0), None, Some(0.5), Some(2.0)];
        assert_eq!(column, Values::Numbers(all));
    }

    #[test]
    fn what_is_written_is_read_again_and_always_the_same() {
        let columns = vec![
            (
                "arm".to_owned(),
                Values::Words(vec![Some("a".to_owned()), None]),
            ),
            ("blocks".to_owned(), Values::Counts(vec![Some(7), None])),
            ("ratio".to_owned(), Values::Numbers(vec![None, Some(0.5)])),
        ];
        let bytes = parquet(columns.clone()).unwrap();
        assert_eq!(bytes, parquet(columns).unwrap());
        let frame = ParquetReader::new(std::io::Cursor::new(bytes))
            .finish()
            .unwrap();
        assert_eq!(frame.shape(), (2, 3));
        let counts = frame.column("blocks").unwrap().u64().unwrap();
        assert_eq!(counts.get(0), Some(7));
        let ratios = frame.column("ratio").unwrap().f64().unwrap();
        assert_eq!((ratios.get(0), ratios.get(1)), (None, Some(0.5)));
    }
}
