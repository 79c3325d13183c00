// SPDX-License-Identifier: GPL-2.0

//! The attributes of the kernel crate that the page table uses.

use proc_macro::{
    Delimiter,
    Group,
    Ident,
    TokenStream,
    TokenTree, //
};

/// A KUnit suite is a module of tests.
#[proc_macro_attribute]
pub fn kunit_tests(_name: TokenStream, module: TokenStream) -> TokenStream {
    module
}

/// Removes `#[pin]` from fields. All values that need a fixed place are in a `Box`.
#[proc_macro_attribute]
pub fn pin_data(_args: TokenStream, item: TokenStream) -> TokenStream {
    let mut tokens: Vec<TokenTree> = Vec::new();

    for token in item {
        let token = match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                let fields = pin_data(TokenStream::new(), group.stream());
                TokenTree::Group(Group::new(Delimiter::Brace, fields))
            }
            TokenTree::Group(group) if group.to_string() == "[pin]" => {
                tokens.pop();
                continue;
            }
            token => token,
        };
        tokens.push(token);
    }
    tokens.into_iter().collect()
}

/// Makes a `Drop` of `PinnedDrop`.
#[proc_macro_attribute]
pub fn pinned_drop(_args: TokenStream, item: TokenStream) -> TokenStream {
    item.into_iter()
        .map(|token| match token {
            TokenTree::Ident(ident) if ident.to_string() == "PinnedDrop" => {
                TokenTree::Ident(Ident::new("Drop", ident.span()))
            }
            TokenTree::Group(group) if group.delimiter() == Delimiter::Brace => {
                TokenTree::Group(Group::new(
                    Delimiter::Brace,
                    pinned_drop(TokenStream::new(), group.stream()),
                ))
            }
            TokenTree::Group(group) if is_pinned_self(&group) => "(&mut self)"
                .parse::<TokenStream>()
                .into_iter()
                .flatten()
                .next()
                .unwrap(),
            token => token,
        })
        .collect()
}

fn is_pinned_self(group: &Group) -> bool {
    let text: String = group.to_string().split_whitespace().collect();

    text == "(self:Pin<&mutSelf>)"
}
