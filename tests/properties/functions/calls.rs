//! What is done with a cached function, and how it is made up.

use cache_runtime::testing::{Fault, When};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::words::{Life, life};

/// Which function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Function {
    /// `Result<Option<_>, _>` with a timeout.
    Plain,
    /// With closures that say what is kept, and for how long.
    Choosy,
    /// `cache_none`, which has a timeout of its own.
    NoneToo,
}

/// What the function finds when it runs next.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Outcome {
    /// `Err` is its failure.
    pub(crate) result: Result<Option<i64>, Failure>,
    /// What the body says about its result.
    pub(crate) decision: Option<Decision>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Failure;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Decision {
    Skip,
    Timeout(Life),
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Call {
    Plain(Outcome),
    Refresh(Outcome),
    Uncached(Outcome),
    Get,
    Set(i64),
    Delete,
    Touch(Life),
    /// The whole cache.
    Clear,
    /// Milliseconds.
    Wait(u64),
    /// Until so many milliseconds before the end of what is kept.
    WaitForTheEnd(u64),
}

#[derive(Debug, Clone)]
pub(crate) struct Step {
    pub(crate) function: Function,
    pub(crate) id: u64,
    pub(crate) call: Call,
    pub(crate) fault: Option<(Fault, When)>,
}

fn outcome() -> impl Strategy<Value = Outcome> {
    let result = prop_oneof![
        6 => (1..12_i64).prop_map(|number| Ok(Some(number))),
        2 => Just(Ok(None)),
        1 => Just(Err(Failure)),
    ];
    let decision = prop_oneof![
        6 => Just(None),
        1 => Just(Some(Decision::Skip)),
        1 => life().prop_map(|life| Some(Decision::Timeout(life))),
    ];
    (result, decision).prop_map(|(result, decision)| Outcome { result, decision })
}

fn call() -> impl Strategy<Value = Call> {
    prop_oneof![
        10 => outcome().prop_map(Call::Plain),
        3 => outcome().prop_map(Call::Refresh),
        1 => outcome().prop_map(Call::Uncached),
        2 => Just(Call::Get),
        1 => (1..12_i64).prop_map(Call::Set),
        2 => Just(Call::Delete),
        2 => life().prop_map(Call::Touch),
        1 => Just(Call::Clear),
        3 => select(vec![1, 10, 500, 1000, 9999, 10_000]).prop_map(Call::Wait),
        3 => (0..2_u64).prop_map(Call::WaitForTheEnd),
    ]
}

fn which() -> impl Strategy<Value = (Function, u64)> {
    let functions = vec![Function::Plain, Function::Choosy, Function::NoneToo];
    (select(functions), prop_oneof![3 => Just(0), 1 => Just(1)])
}

/// A sequence of calls, about a third of them while `fault` is there.
pub(crate) fn steps_with(
    fault: impl Strategy<Value = (Fault, When)> + 'static,
) -> impl Strategy<Value = Vec<Step>> {
    let step = (which(), call(), proptest::option::weighted(0.3, fault));
    let step = step.prop_map(|((function, id), call, fault)| Step {
        function,
        id,
        call,
        fault,
    });
    vec(step, 1..60)
}

/// A sequence of calls while nothing is wrong.
pub(crate) fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = (which(), call());
    let step = step.prop_map(|((function, id), call)| Step {
        function,
        id,
        call,
        fault: None,
    });
    vec(step, 1..60)
}
