//! Return types: a kept value outlives the call, and its type must have a name.

use syn::visit::{self, Visit};
use syn::{
    GenericArgument, Lifetime, ParenthesizedGenericArguments, PathArguments, TraitBound, Type,
    TypeFnPtr, TypeImplTrait, TypeParamBound, TypeReference,
};

use crate::errors::Errors;
use crate::model::Function;
use crate::plan::Plan;

pub(super) fn check(function: &Function, errors: &mut Errors) {
    if let Type::Never(never) = &function.returns {
        errors.at(never, "a function that never returns has nothing to keep");
    }
    Returns(errors).visit_type(&function.returns);
}

/// Checks borrowed types: what is read back from a store is owned, whatever lifetimes its type has.
pub(super) fn read_back(plan: &Plan, errors: &mut Errors) {
    let kept = kept(&plan.function.returns);
    if plan.args.local.is_none()
        && let Type::Reference(reference) = kept
        && reference
            .lifetime
            .as_ref()
            .is_some_and(|lifetime| lifetime.ident == "static")
    {
        errors.at(
            kept,
            "what a store gives back is owned, and no `&'static`; return an owned value, or an \
             `Arc<T>`, or write `local`, which keeps the value in this process only",
        );
    }
}

/// Returns the `T` of what is spelled `Result<T, E>` or `Option<T>`, or the type itself.
fn kept(ty: &Type) -> &Type {
    let Type::Path(path) = ty else { return ty };
    let Some(last) = path.path.segments.last() else {
        return ty;
    };
    match &last.arguments {
        PathArguments::AngleBracketed(list) if last.ident == "Result" || last.ident == "Option" => {
            match list.args.first() {
                Some(GenericArgument::Type(inner)) => kept(inner),
                _ => ty,
            }
        }
        _ => ty,
    }
}

struct Returns<'a>(&'a mut Errors);

const BORROWED: &str = "a kept value outlives the call and cannot borrow from it; return an owned \
                        value, or an `Arc<T>`";

impl<'ast> Visit<'ast> for Returns<'_> {
    fn visit_type_reference(&mut self, reference: &'ast TypeReference) {
        if reference
            .lifetime
            .as_ref()
            .is_some_and(|lifetime| lifetime.ident == "static")
        {
            visit::visit_type(self, &reference.elem);
        } else {
            self.0.at(reference, BORROWED);
        }
    }

    fn visit_lifetime(&mut self, lifetime: &'ast Lifetime) {
        if lifetime.ident != "static" {
            self.0.at(lifetime, BORROWED);
        }
    }

    fn visit_type_impl_trait(&mut self, opaque: &'ast TypeImplTrait) {
        let is_future = opaque.bounds.iter().any(|bound| {
            matches!(bound, TypeParamBound::Trait(bound)
                if bound.path.segments.last().is_some_and(|last| last.ident == "Future"))
        });
        self.0.at(
            opaque,
            if is_future {
                "a future cannot be cached, only its output; write an `async fn`"
            } else {
                "the type of a kept value must have a name; write it out, for example as `Vec<T>`"
            },
        );
    }

    // What a function pointer or a closure takes and returns is not borrowed from this call.

    fn visit_type_fn_ptr(&mut self, _: &'ast TypeFnPtr) {}

    fn visit_parenthesized_generic_arguments(&mut self, _: &'ast ParenthesizedGenericArguments) {}

    fn visit_trait_bound(&mut self, bound: &'ast TraitBound) {
        // `for<'a> Visitor<'a>` names its own lifetimes.
        if bound.lifetimes.is_none() {
            visit::visit_trait_bound(self, bound);
        }
    }
}
