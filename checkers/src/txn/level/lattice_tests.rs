//! The lattice against published cases, and against what every lattice must be.

use super::*;
use Phenomenon as P;

fn cycle(shape: Shape, needs: Needs) -> Phenomenon {
    P::Cycle(shape, needs)
}

fn data(shape: Shape) -> Phenomenon {
    cycle(shape, Needs::Data)
}

#[track_caller]
fn check(lattice: &Lattice, found: &[Phenomenon], not: &[Level]) {
    let mut expected = not.to_vec();
    expected.sort();
    assert_eq!(lattice.boundary(found).not, expected, "{found:?}");
}

#[test]
fn published_histories_fall_to_where_elle_says() {
    let elle = Lattice::elle();
    check(&elle, &[data(Shape::G0)], &[L::ReadUncommitted]);
    check(&elle, &[P::G1a], &[L::ReadCommitted]);
    check(&elle, &[P::G1b, data(Shape::GSingleItem)], &[L::ReadCommitted]);
    check(&elle, &[data(Shape::G1c)], &[L::ReadCommitted]);
    check(&elle, &[data(Shape::GSingleItem)], &[L::ConsistentView, L::RepeatableRead]);
    check(&elle, &[data(Shape::G2Item)], &[L::RepeatableRead]);
    check(&elle, &[data(Shape::GNonadjacentItem)], &[L::SnapshotIsolation, L::RepeatableRead]);
    check(&elle, &[cycle(Shape::GSingleItem, Needs::Realtime)], &[L::StrongSnapshotIsolation]);
    check(&elle, &[cycle(Shape::GSingleItem, Needs::Process)], &[L::StrongSessionSnapshotIsolation]);
    check(&elle, &[cycle(Shape::G1c, Needs::Process)], &[L::StrongSessionReadCommitted]);
    check(&elle, &[P::FutureRead], &[L::ReadCommitted]);
    check(&elle, &[P::Internal], &[L::ReadAtomic]);
    check(&elle, &[P::LostUpdate, data(Shape::G2Item)], &[L::UpdateAtomic, L::CursorStability]);
    check(&elle, &[P::IncompatibleOrder], &[L::ReadCommitted]);
    check(&elle, &[P::DuplicateElements], &[L::ReadUncommitted]);
    check(&elle, &[data(Shape::G0), data(Shape::GSingleItem)], &[L::ReadUncommitted]);
    check(&elle, &[P::G1a, P::DirtyUpdate], &[L::ReadCommitted]);
    check(&elle, &[], &[]);
    check(&elle, &[P::CyclicVersions], &[L::ReadUncommitted]);
    check(&elle, &[P::LostUpdate], &[L::UpdateAtomic, L::CursorStability]);
}

#[test]
fn each_anomaly_alone_falls_to_where_elle_says() {
    let elle = Lattice::elle();
    check(&elle, &[P::DirtyUpdate], &[L::ReadCommitted]);
    check(&elle, &[data(Shape::GSingle)], &[L::ConsistentView]);
    check(&elle, &[data(Shape::GNonadjacent)], &[L::SnapshotIsolation]);
    check(&elle, &[data(Shape::G2)], &[L::Serializable]);
    check(&elle, &[P::PredicateReadMiss], &[L::Serializable]);
    let sides = [
        (
            Needs::Process,
            [
                L::StrongSessionReadUncommitted,
                L::StrongSessionReadCommitted,
                L::StrongSessionSnapshotIsolation,
                L::StrongSessionSerializable,
            ],
        ),
        (
            Needs::Realtime,
            [L::StrongReadUncommitted, L::StrongReadCommitted, L::StrongSnapshotIsolation, L::StrictSerializable],
        ),
    ];
    for (needs, [uncommitted, committed, snapshot, serializable]) in sides {
        check(&elle, &[cycle(Shape::G0, needs)], &[uncommitted]);
        check(&elle, &[cycle(Shape::G1c, needs)], &[committed]);
        for shape in [Shape::GSingleItem, Shape::GSingle, Shape::GNonadjacentItem, Shape::GNonadjacent] {
            check(&elle, &[cycle(shape, needs)], &[snapshot]);
        }
        for shape in [Shape::G2Item, Shape::G2] {
            check(&elle, &[cycle(shape, needs)], &[serializable]);
        }
    }
}

#[test]
fn the_corrected_lattice_refutes_what_elle_forgets() {
    let ours = Lattice::corrected();
    let single = [L::ParallelSnapshotIsolation, L::ConsistentView, L::RepeatableRead];
    check(&ours, &[data(Shape::GSingleItem)], &single);
    check(&ours, &[cycle(Shape::GSingle, Needs::Process)], &[L::StrongSessionParallelSnapshotIsolation]);
    check(&ours, &[P::FutureRead], &[L::ReadAtomic]);
    check(&ours, &[P::GarbageRead], &[L::ReadCommitted]);
    check(&ours, &[P::CyclicVersions], &[L::ReadCommitted]);
    assert!(ours.valid(L::Prefix, &[data(Shape::GSingleItem)]), "two lost increments are a G-single, by ww");
    assert!(ours.prohibits(L::StrongSnapshotIsolation, cycle(Shape::GSingle, Needs::Process)));
    assert!(!Lattice::elle().prohibits(L::ParallelSnapshotIsolation, data(Shape::GSingle)));
}

#[test]
fn validity_is_that_of_what_was_promised() {
    let ours = Lattice::corrected();
    assert!(ours.valid(L::SnapshotIsolation, &[data(Shape::G2Item)]), "write skew");
    assert!(!ours.valid(L::Serializable, &[data(Shape::G2Item)]));
    assert!(!ours.valid(L::StrictSerializable, &[cycle(Shape::G2, Needs::Realtime)]));
    assert!(ours.valid(L::Serializable, &[cycle(Shape::G0, Needs::Realtime)]));
}

#[test]
fn implications_have_no_cycle_and_are_transitive() {
    for lattice in [Lattice::elle(), Lattice::corrected()] {
        for a in Level::all() {
            for b in Level::all() {
                assert!(a == b || !(lattice.implies(a, b) && lattice.implies(b, a)), "{a} and {b}");
                let through = Level::all().any(|c| lattice.implies(a, c) && lattice.implies(c, b));
                assert!(!through || lattice.implies(a, b));
            }
        }
        for a in Phenomenon::all() {
            for b in Phenomenon::all() {
                assert!(a == b || !(lattice.brings(a, b) && lattice.brings(b, a)), "{a} and {b}");
                let through = Phenomenon::all().any(|c| lattice.brings(a, c) && lattice.brings(c, b));
                assert!(!through || lattice.brings(a, b));
            }
        }
    }
}

#[test]
fn what_is_refuted_is_refuted_above_too_and_each_anomaly_refutes_something() {
    for lattice in [Lattice::elle(), Lattice::corrected()] {
        for phenomenon in Phenomenon::all() {
            let refuted = lattice.refuted_by(&[phenomenon]);
            assert!(refuted.contains(&L::StrictSerializable), "{phenomenon}");
            for level in Level::all() {
                let below = refuted.iter().any(|&weak| lattice.implies(level, weak));
                assert_eq!(below, refuted.contains(&level), "{phenomenon} and {level}");
            }
        }
    }
}

#[test]
fn each_index_is_the_place_in_the_list() {
    for (at, phenomenon) in Phenomenon::all().enumerate() {
        assert_eq!(index(phenomenon), at);
    }
}

#[test]
fn antichains_hold_the_ends() {
    let ours = Lattice::corrected();
    let some = [L::ReadCommitted, L::Prefix, L::ParallelSnapshotIsolation, L::ReadAtomic];
    assert_eq!(ours.strongest(&some), [L::Prefix, L::ParallelSnapshotIsolation]);
    assert_eq!(ours.weakest(&some), [L::ReadCommitted]);
}
