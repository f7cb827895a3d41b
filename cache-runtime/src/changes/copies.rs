//! Arguments that the attribute uses as well as the body.

/// An argument that can be cloned.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used by the attribute and by the body",
    label = "the attribute has a clone of this argument, so it must be `Clone`",
    note = "what does not mention `result` is evaluated before the body and can take it by reference, or a part of it"
)]
pub trait Copied: Clone {}

impl<T: Clone> Copied for T {}

/// Returns a clone for the attribute.
pub fn copy_of<T: Copied>(argument: &T) -> T {
    argument.clone()
}
