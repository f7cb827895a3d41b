//! Whether an argument is borrowed, as far as its type says so.

use syn::visit::{self, Visit};
use syn::{ReceiverKind, Type, TypeParamBound};

use crate::model::Function;

pub(super) fn borrows_self(function: &Function) -> bool {
    function
        .receiver()
        .is_some_and(|receiver| match &receiver.kind {
            ReceiverKind::Value => false,
            ReceiverKind::Typed(_, ty) => borrows(ty),
            _ => true,
        })
}

pub(super) fn borrows(ty: &Type) -> bool {
    struct Borrows(bool);
    impl<'ast> Visit<'ast> for Borrows {
        fn visit_type_reference(&mut self, reference: &'ast syn::TypeReference) {
            self.0 |= reference.lifetime.is_none();
            visit::visit_type_reference(self, reference);
        }

        fn visit_lifetime(&mut self, lifetime: &'ast syn::Lifetime) {
            self.0 |= lifetime.ident != "static";
        }

        fn visit_type_impl_trait(&mut self, opaque: &'ast syn::TypeImplTrait) {
            let is_owned = opaque.bounds.iter().any(|bound| {
                matches!(bound, TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static")
            });
            self.0 |= !is_owned;
        }

        fn visit_type_fn_ptr(&mut self, _: &'ast syn::TypeFnPtr) {}
    }
    let mut found = Borrows(false);
    found.visit_type(ty);
    found.0
}
