//! `never` and `always`: a condition over a stretch of time, looked at as often as the goals are.
use super::check::{Check, Sight, Verdict};
use super::{Part, code, text};
use crate::base::time::Micros;

/// One of them, with how it went so far.
#[derive(Clone)]
pub(super) struct Watch {
    pub check: Check,
    /// Whether the condition is to hold, or not to.
    pub holds: bool,
    /// The goals with which it begins and ends, by their numbers, and the name of the first.
    pub from: Option<(usize, String)>,
    pub until: Option<usize>,
    pub for_us: Option<Micros>,
    /// When the attempt began.
    pub start_us: Micros,
    pub course: Course,
}

/// How a stretch goes.
#[derive(Clone)]
pub(super) enum Course {
    Ahead,
    /// It runs since then; what was found last, and whether that was as it should be.
    Runs(Micros, bool, Vec<Part>),
    /// It was broken then, for good.
    Broken(Micros, Vec<Part>),
    Over(Vec<Part>),
}

impl Watch {
    /// Whether it has no end but that of the attempt.
    pub fn is_endless(&self) -> bool {
        self.until.is_none() && self.for_us.is_none()
    }

    /// When it was broken for good, and how.
    pub fn broken(&self) -> Option<(Micros, &[Part])> {
        match &self.course {
            Course::Broken(at_us, why) => Some((*at_us, why)),
            _ => None,
        }
    }

    /// Looks at the condition. What has to hold for so long, whenever that may be, begins anew if it does not.
    pub fn look(&mut self, sight: &mut Sight<'_>, reached: &[bool], now_us: Micros) {
        let is_reached = |goal: usize| reached.get(goal).is_some_and(|r| *r);
        let since_us = match &self.course {
            Course::Broken(..) | Course::Over(_) => return,
            Course::Ahead if self.from.as_ref().is_some_and(|f| !is_reached(f.0)) => return,
            Course::Ahead => now_us,
            Course::Runs(since_us, ..) => *since_us,
        };
        if let (Course::Runs(_, _, why), Some(goal)) = (&self.course, self.until)
            && is_reached(goal)
        {
            self.course = Course::Over(why.clone());
            return;
        }
        let (found, why) = self.check.run(sight);
        let good = found == self.holds;
        let long = self.for_us.is_some_and(|us| now_us - since_us >= us);
        self.course = match (good, long) {
            (true, true) => Course::Over(why),
            (true, false) => Course::Runs(since_us, true, why),
            (false, _) if self.holds && self.for_us.is_some() => Course::Runs(now_us, false, why),
            (false, _) => Course::Broken(now_us, why),
        };
    }

    /// `now_us`: for how long it has held.
    pub fn judge(&self, now_us: Micros) -> Verdict {
        match &self.course {
            Course::Ahead => {
                let from = self.from.as_ref().map_or("", |f| f.1.as_str());
                (
                    false,
                    vec![text("this counts once "), code(from), text(" is reached")],
                )
            }
            Course::Runs(_, false, why) => (false, why.clone()),
            Course::Runs(since_us, true, why) => {
                let mut told = why.clone();
                let Some(for_us) = self.for_us else {
                    told.push(text("; so far it has been as it should"));
                    return (self.is_endless(), told);
                };
                // Whole seconds, so that the reason does not change with every look.
                let (past, all) = ((now_us - since_us) / 1_000_000, for_us as f64 / 1e6);
                told.push(text(&format!("; for {past} of {all} s")));
                (false, told)
            }
            Course::Broken(at_us, why) => {
                let tenths = (at_us - self.start_us) / 100_000;
                let at = format!("after {}.{} s: ", tenths / 10, tenths % 10);
                let mut told = vec![text(&at)];
                told.extend_from_slice(why);
                (false, told)
            }
            Course::Over(why) => (true, why.clone()),
        }
    }
}
