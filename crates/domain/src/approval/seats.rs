//! Who may sit where. A step has seats, and each person takes at most one of them.

/// Whether everybody can have a seat of their own. `fits[person]` are the seats that they may take.
///
/// Whoever came first moves to another seat they may take, if that lets somebody in: Jonas, who holds two
/// roles, does not keep Mara out, who holds one of them.
pub(super) fn can_all_sit(fits: &[Vec<usize>], seats: usize) -> bool {
    let mut taken: Vec<Option<usize>> = vec![None; seats];
    (0..fits.len()).all(|person| sit(person, fits, &mut taken, &mut vec![false; seats]))
}

/// How many different people can be seated: `fits[seat]` are those who may take it.
pub fn most_seated(fits: &[Vec<usize>], people: usize) -> usize {
    let mut taken: Vec<Option<usize>> = vec![None; people];
    (0..fits.len())
        .filter(|seat| sit(*seat, fits, &mut taken, &mut vec![false; people]))
        .count()
}

fn sit(who: usize, fits: &[Vec<usize>], taken: &mut [Option<usize>], asked: &mut [bool]) -> bool {
    for &seat in &fits[who] {
        if asked.get(seat).is_none_or(|asked| *asked) {
            continue;
        }
        asked[seat] = true;
        let is_free = match taken[seat] {
            None => true,
            Some(other) => sit(other, fits, taken, asked),
        };
        if is_free {
            taken[seat] = Some(who);
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By trying everything.
    fn by_hand(fits: &[Vec<usize>], used: &mut Vec<usize>) -> bool {
        let Some((first, rest)) = fits.split_first() else {
            return true;
        };
        first.iter().any(|seat| {
            if used.contains(seat) {
                return false;
            }
            used.push(*seat);
            let sat = by_hand(rest, used);
            used.pop();
            sat
        })
    }

    #[test]
    fn it_agrees_with_trying_everything() {
        // every way in which three people may fit three seats
        for bits in 0..512_u32 {
            let fits: Vec<Vec<usize>> = (0..3)
                .map(|person| {
                    (0..3)
                        .filter(|seat| bits >> (person * 3 + seat) & 1 == 1)
                        .collect()
                })
                .collect();
            assert_eq!(
                can_all_sit(&fits, 3),
                by_hand(&fits, &mut Vec::new()),
                "{fits:?}"
            );
        }
    }

    #[test]
    fn it_counts_whom_there_is_room_for() {
        assert_eq!(most_seated(&[vec![0], vec![0]], 1), 1);
        assert_eq!(most_seated(&[vec![0, 1], vec![0]], 2), 2);
        assert_eq!(most_seated(&[], 4), 0);
    }
}
