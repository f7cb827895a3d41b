//! Every word of the vocabulary against the map: in process, on a store, on one that fails.

use proptest::strategy::Strategy;

use crate::asking::{ask, view};
use crate::model::Model;
use crate::place::Place;
use crate::trial::hold;
use crate::words::{Step, Word, failure, garbage, steps, steps_with};

impl Place {
    /// Asks all of it, and holds every answer against the model.
    fn answers_as_a_map_would(&self, steps: &[Step]) -> Result<(), String> {
        let mut model = Model::default();
        for (at, step) in steps.iter().enumerate() {
            if let Some(millis) = model.wait(step) {
                self.advance(millis);
                model.advance(millis);
                continue;
            }
            let cache = view(&self.cache, step.view);
            let answer = self.during(step.fault, || ask(&cache, &step.word));
            model
                .judge(step, &answer)
                .map_err(|error| format!("step {at}, {:?}: {error}", step.word))?;
        }
        Ok(())
    }
}

#[test]
fn in_process_it_is_a_map_with_a_clock() {
    hold(1000, steps(), |steps| {
        Place::in_process().answers_as_a_map_would(&steps)
    });
}

#[test]
fn on_a_store_it_is_a_map_with_a_clock() {
    hold(1000, steps(), |steps| {
        Place::on_a_store(false).answers_as_a_map_would(&steps)
    });
}

#[test]
fn a_store_that_fails_never_makes_it_serve_what_was_not_kept() {
    hold(1000, steps_with(failure()), |steps| {
        Place::on_a_store(false).answers_as_a_map_would(&steps)
    });
}

#[test]
fn bytes_that_come_back_changed_are_nothing_where_entries_are_signed() {
    // A sum cannot be signed.
    let signed = steps_with(garbage()).prop_map(|mut steps| {
        steps.retain(|step| !matches!(step.word, Word::Incr(..) | Word::Decr(..)));
        steps
    });
    hold(600, signed, |steps| {
        Place::on_a_store(true).answers_as_a_map_would(&steps)
    });
}
