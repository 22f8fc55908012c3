//! Synthetic systems of known coefficients.

use super::*;
use crate::simulate::normal;

const TRUTH: Law = Law {
    lambda: 1000.0,
    sigma: 0.05,
    kappa: 0.002,
};
const SIZES: [f64; 7] = [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0];

fn exact(law: Law) -> Vec<Point> {
    (SIZES.iter())
        .map(|&size| Point {
            size,
            throughput: law.throughput(size),
        })
        .collect()
}

fn close(found: f64, wanted: f64) -> bool {
    (found - wanted).abs() <= 1e-6 * wanted.abs() + 1e-9
}

#[test]
fn exact_points_give_the_law_back() {
    let laws = [
        TRUTH,
        Law {
            kappa: 0.0,
            ..TRUTH
        },
        Law {
            sigma: 0.0,
            ..TRUTH
        },
        Law {
            sigma: 0.0,
            kappa: 0.0,
            ..TRUTH
        },
    ];
    for wanted in laws {
        let found = law(&exact(wanted)).unwrap();
        assert!(
            close(found.lambda, wanted.lambda),
            "{found:?} for {wanted:?}"
        );
        assert!(close(found.sigma, wanted.sigma), "{found:?} for {wanted:?}");
        assert!(close(found.kappa, wanted.kappa), "{found:?} for {wanted:?}");
    }
}

#[test]
fn the_peak_is_where_throughput_falls_again() {
    let peak = TRUTH.peak().unwrap();
    let at = |size: f64| TRUTH.throughput(size);
    assert!(at(peak) > at(peak - 0.5) && at(peak) > at(peak + 0.5));
    assert_eq!(
        Law {
            kappa: 0.0,
            ..TRUTH
        }
        .peak(),
        None
    );
}

#[test]
fn superlinear_points_give_no_negative_coefficient() {
    let points: Vec<Point> = (SIZES.iter())
        .map(|&size| Point {
            size,
            throughput: 10.0 * size.powf(1.1),
        })
        .collect();
    let found = law(&points).unwrap();
    assert!(found.sigma >= 0.0 && found.kappa >= 0.0, "{found:?}");
}

#[test]
fn too_few_sizes_have_no_law() {
    assert_eq!(law(&exact(TRUTH)[..2]), None);
    assert_eq!(fit(&[exact(TRUTH)], Seed::new(1), "one block"), None);
    let dead = Point {
        size: 4.0,
        throughput: 0.0,
    };
    assert_eq!(law(&[exact(TRUTH), vec![dead]].concat()), None);
}

#[test]
fn the_intervals_hold_the_truth_as_often_as_they_say() {
    let seed = Seed::new(20);
    let mut stream = seed.stream("usl");
    for blocks in [8, 12] {
        let mut held = [0; 3];
        let experiments = 200;
        for experiment in 0..experiments {
            let measured: Vec<Vec<Point>> = (0..blocks)
                .map(|_| {
                    let noisy = exact(TRUTH).into_iter().map(|point| Point {
                        throughput: point.throughput * (0.05 * normal(&mut stream)).exp(),
                        ..point
                    });
                    noisy.collect()
                })
                .collect();
            let found = fit(&measured, seed, &format!("experiment {experiment}")).unwrap();
            let pairs = [
                (found.lambda, TRUTH.lambda),
                (found.sigma, TRUTH.sigma),
                (found.kappa, TRUTH.kappa),
            ];
            for (held, (estimate, truth)) in held.iter_mut().zip(pairs) {
                *held += usize::from(estimate.low <= truth && truth <= estimate.high);
            }
        }
        for held in held {
            let share = held as f64 / f64::from(experiments);
            assert!(
                (0.92..=0.985).contains(&share),
                "{share} with {blocks} blocks"
            );
        }
    }
}
