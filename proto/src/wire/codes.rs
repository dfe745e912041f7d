//! The numbers that messages carry, each said once: its name, its number, and a sentence for the person who gets it.
//!
//! The protocols' own tables are made with [`codes!`]. What follows from a code (whether to come again, what the program is
//! told) is said beside the table, since each protocol has other rules.

/// Who sends a message of an opcode.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum By {
    /// The server.
    Server,
    /// The client.
    Client,
    /// Either.
    Both,
}

/// An enum of numbers: a row is `Name = number, "sentence";`. `from` is the type in which the number is read.
macro_rules! codes {
    (
        $(#[$about:meta])*
        pub enum $Code:ident: $number:ident from $read:ident {
            $($(#[$what:meta])+ $Name:ident = $value:literal, $sentence:literal;)+
        }
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr($number)]
        pub enum $Code {
            $($(#[$what])+ $Name = $value,)+
        }

        impl $Code {
            /// Every one, in order.
            pub const ALL: [$Code; [$($value),+].len()] = [$($Code::$Name),+];

            /// The one of this number, if it is known.
            pub fn from_code(code: $read) -> Option<$Code> {
                $Code::ALL.into_iter().find(|known| *known as $read == code)
            }

            /// What it means for the person who gets it, where the peer says nothing of its own.
            pub const fn sentence(self) -> &'static str {
                match self {
                    $($Code::$Name => $sentence,)+
                }
            }
        }
    };
}

pub(super) use codes;
