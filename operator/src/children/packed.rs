//! Objects of one kind as JSON that takes little room: what the first of them say, the others say again.

/// How much of them the others are compared with; more of it made nothing smaller.
const DICTIONARY: usize = 8 << 10;

/// One object.
pub(super) enum Packed {
    /// One of the first.
    Plain(Box<[u8]>),
    /// LZ4 with the first ones as its dictionary.
    Compressed(Box<[u8]>),
}

/// Packs the objects of one kind, and unpacks those that it has packed.
#[derive(Default)]
pub(super) struct Packer {
    /// The first ones. It never changes once something is compressed with it.
    dictionary: Vec<u8>,
}

impl Packer {
    pub(super) fn pack(&mut self, json: Vec<u8>) -> Packed {
        if self.dictionary.len() < DICTIONARY {
            self.dictionary.extend_from_slice(&json);
            return Packed::Plain(json.into_boxed_slice());
        }
        Packed::Compressed(lz4_flex::block::compress_prepend_size_with_dict(&json, &self.dictionary).into_boxed_slice())
    }

    /// The JSON, handed to `read`.
    pub(super) fn unpack<T>(&self, packed: &Packed, read: impl FnOnce(&[u8]) -> T) -> T {
        match packed {
            Packed::Plain(json) => read(json),
            Packed::Compressed(bytes) => {
                let json = lz4_flex::block::decompress_size_prepended_with_dict(bytes, &self.dictionary);
                read(&json.expect("it was packed with the same dictionary"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Like the objects of a kind: long, and alike.
    fn object(n: usize) -> Vec<u8> {
        let fields: Vec<_> = (0..40).map(|field| format!("\"field-{field}\":\"what every object says of it\"")).collect();
        format!("{{\"name\":\"demo-{n}\",{}}}", fields.join(",")).into_bytes()
    }

    #[test]
    fn of_many_that_are_alike_each_takes_a_tenth_at_the_most() {
        let mut packer = Packer::default();
        let packed: Vec<_> = (0..100).map(|n| packer.pack(object(n))).collect();
        for (n, packed) in packed.iter().enumerate() {
            assert!(packer.unpack(packed, |json| json == object(n)));
        }
        let Some(Packed::Compressed(last)) = packed.last() else { panic!("the last one is not compressed") };
        assert!(last.len() * 10 <= object(99).len(), "{} of {}", last.len(), object(99).len());
    }

    proptest! {
        #[test]
        fn whatever_is_packed_comes_out_again(objects in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..4000), 0..20)) {
            let mut packer = Packer::default();
            let packed: Vec<_> = objects.iter().map(|object| packer.pack(object.clone())).collect();
            for (packed, object) in packed.iter().zip(&objects) {
                prop_assert!(packer.unpack(packed, |bytes| bytes == object));
            }
        }
    }
}
