//! Cached functions against what each may answer: calls, refreshes, failures, timeouts, a store that
//! fails.

mod calls;
mod model;
mod script;

use crate::place::Place;
use crate::trial::hold;
use crate::words::failure;

use calls::{Step, steps, steps_with};
use model::Model;
use script::Script;

/// Calls all of it, and holds every answer against the model.
fn answers_as_they_may(place: Place, steps: &[Step]) -> Result<(), String> {
    let script = Script::new(place);
    let mut model = Model::default();
    for (at, step) in steps.iter().enumerate() {
        if let Some(millis) = model.wait(step) {
            script.place.advance(millis);
            model.advance(millis);
            continue;
        }
        let answer = script.place.during(step.fault, || script.ask(step));
        model
            .judge(step, &answer)
            .map_err(|error| format!("step {at}, {:?}: {error}", step.call))?;
    }
    Ok(())
}

#[test]
fn a_function_in_process_answers_as_it_may() {
    hold(1000, steps(), |steps| {
        answers_as_they_may(Place::in_process(), &steps)
    });
}

#[test]
fn a_function_on_a_store_answers_as_it_may() {
    hold(600, steps(), |steps| {
        answers_as_they_may(Place::on_a_store(false), &steps)
    });
}

#[test]
fn a_function_on_a_store_that_fails_answers_as_it_may() {
    hold(600, steps_with(failure()), |steps| {
        answers_as_they_may(Place::on_a_store(false), &steps)
    });
}
