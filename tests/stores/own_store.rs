//! The store of the example `own_store`, which is in the table like any other.

#[expect(
    unreachable_pub,
    reason = "what is public in an example is not so in a test"
)]
#[path = "../../examples/own_store/store.rs"]
mod store;

pub(crate) use store::OwnStore;
