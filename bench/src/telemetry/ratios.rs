//! What a setting costs, by turns that stood beside each other: whatever the machine did meanwhile met both.

/// Ratios of the same two things, from the least to the most.
pub struct Ratios(Vec<f64>);

impl Ratios {
    /// The figure of each turn of `mode`, divided by that of each turn of `without` that came right before or after it.
    pub fn of<M: Copy + PartialEq>(turns: &[(M, f64)], mode: M, without: M) -> Self {
        let pairs = turns.windows(2).flat_map(|pair| [(pair[0], pair[1]), (pair[1], pair[0])]);
        let of_mode = pairs.filter(|((with, _), (other, _))| *with == mode && *other == without);
        let mut ratios: Vec<f64> = of_mode.map(|((_, figure), (_, beside))| figure / beside).collect();
        ratios.sort_by(f64::total_cmp);
        Self(ratios)
    }

    /// The one in the middle, or between the two there.
    pub fn median(&self) -> f64 {
        let Some(last) = self.0.len().checked_sub(1) else { return f64::NAN };
        f64::midpoint(self.0[last / 2], self.0[last.div_ceil(2)])
    }

    /// The least and the most.
    pub fn spread(&self) -> [f64; 2] {
        [self.0.first(), self.0.last()].map(|ratio| ratio.copied().unwrap_or(f64::NAN))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turn_is_compared_with_those_beside_it_and_no_others() {
        let turns = [('-', 10.0), ('a', 9.0), ('-', 18.0), ('b', 1.0), ('a', 7.0), ('-', 7.0)];
        let ratios = Ratios::of(&turns, 'a', '-');
        assert_eq!((ratios.median(), ratios.spread()), (0.9, [0.5, 1.0]));
        assert_eq!(Ratios::of(&turns, 'b', '-').median(), 1.0 / 18.0);
    }

    #[test]
    fn the_middle_of_two_is_between_them() {
        assert_eq!(Ratios(vec![1.0, 2.0]).median(), 1.5);
        assert!(Ratios(Vec::new()).median().is_nan());
    }
}
