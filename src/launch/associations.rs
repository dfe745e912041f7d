//! `mimeapps.list`, in which a user's choices of programs are kept: one line is ours, and the rest stays as it is, byte for
//! byte (comments, blank lines, groups that we do not know, what is not UTF-8).
//!
//! After the specification "Association between MIME types and applications": group `[Default Applications]`, a key for each
//! type, desktop entries parted by semicolons, the first of them that exists is taken.

const GROUP: &[u8] = b"[Default Applications]";

/// Makes `entry` the first choice for `kind`; the others that are there stay behind it.
pub(super) fn with(text: &[u8], kind: &str, entry: &str) -> Vec<u8> {
    edit(text, kind, |chosen| {
        let mut now = vec![entry.as_bytes()];
        now.extend(chosen.into_iter().filter(|other| *other != entry.as_bytes()));
        now
    })
}

/// Takes `entry` out of the choices for `kind`.
pub(super) fn without(text: &[u8], kind: &str, entry: &str) -> Vec<u8> {
    edit(text, kind, |mut chosen| {
        chosen.retain(|other| *other != entry.as_bytes());
        chosen
    })
}

/// Puts the key's line anew, where it stood or at the end of its group; without choices there is no line.
fn edit<'a>(text: &'a [u8], kind: &str, choose: impl FnOnce(Vec<&'a [u8]>) -> Vec<&'a [u8]>) -> Vec<u8> {
    let lines: Vec<&[u8]> = text.split_inclusive(|byte| *byte == b'\n').collect();
    let (mut in_group, mut end_of_group, mut own, mut chosen) = (false, None, Vec::new(), Vec::new());
    for (at, line) in lines.iter().enumerate() {
        let content = line.trim_ascii();
        if content.starts_with(b"[") {
            in_group = content == GROUP;
        }
        if !in_group {
            continue;
        }
        if !content.is_empty() {
            end_of_group = Some(at + 1);
        }
        if let Some(equal) = content.iter().position(|byte| *byte == b'=')
            && content[..equal].trim_ascii() == kind.as_bytes()
        {
            own.push(at);
            chosen.extend(content[equal + 1..].split(|byte| *byte == b';').map(<[u8]>::trim_ascii));
        }
    }
    chosen.retain(|entry| !entry.is_empty());
    let now = choose(chosen);
    let mut line = Vec::new();
    if !now.is_empty() {
        line.extend_from_slice(kind.as_bytes());
        line.push(b'=');
        now.iter().for_each(|entry| line.extend([*entry, b";"].concat()));
        line.push(b'\n');
    }
    let mut place = own.first().copied().or(end_of_group);
    if place.is_none() && line.is_empty() {
        return text.to_vec();
    }
    let mut out = Vec::with_capacity(text.len() + line.len() + GROUP.len() + 2);
    for at in 0..=lines.len() {
        if place == Some(at) {
            end_line(&mut out);
            out.append(&mut line);
            place = None;
        }
        if let Some(kept) = lines.get(at).filter(|_| !own.contains(&at)) {
            out.extend_from_slice(kept);
        }
    }
    if !line.is_empty() {
        end_line(&mut out);
        if !out.is_empty() {
            out.push(b'\n');
        }
        out.extend_from_slice(GROUP);
        out.push(b'\n');
        out.append(&mut line);
    }
    out
}

/// A last line may lack its end.
fn end_line(out: &mut Vec<u8>) {
    if out.last().is_some_and(|last| *last != b'\n') {
        out.push(b'\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIND: &str = "x-scheme-handler/discord-7";
    const OURS: &str = "discord-7.desktop";

    fn with_text(before: &str) -> String {
        String::from_utf8(with(before.as_bytes(), KIND, OURS)).unwrap()
    }

    #[test]
    fn our_line_is_added_and_the_rest_stays() {
        let line = "x-scheme-handler/discord-7=discord-7.desktop;\n";
        for (before, after) in [
            ("", format!("[Default Applications]\n{line}")),
            ("# mine\n", format!("# mine\n\n[Default Applications]\n{line}")),
            ("[Default Applications]", format!("[Default Applications]\n{line}")),
            (
                "[Default Applications]\ntext/html=a.desktop\n\n[Added Associations]\ntext/html=b.desktop;\n",
                format!(
                    "[Default Applications]\ntext/html=a.desktop\n{line}\n[Added Associations]\ntext/html=b.desktop;\n"
                ),
            ),
            (
                "[Added Associations]\nx-scheme-handler/discord-7=no.desktop\n",
                format!(
                    "[Added Associations]\nx-scheme-handler/discord-7=no.desktop\n\n[Default Applications]\n{line}"
                ),
            ),
            (
                "[Default Applications]\nx-scheme-handler/discord-77=o.desktop",
                format!("[Default Applications]\nx-scheme-handler/discord-77=o.desktop\n{line}"),
            ),
        ] {
            assert_eq!(with_text(before), after, "{before}");
            assert_eq!(with_text(&after), after, "a second time changes nothing");
        }
    }

    #[test]
    fn other_choices_stay_behind_ours() {
        let before = "[Default Applications]\n x-scheme-handler/discord-7 = b.desktop;discord-7.desktop\na=b\n";
        let after = "[Default Applications]\nx-scheme-handler/discord-7=discord-7.desktop;b.desktop;\na=b\n";
        assert_eq!(with_text(before), after);
        let without = without(after.as_bytes(), KIND, OURS);
        assert_eq!(without, b"[Default Applications]\nx-scheme-handler/discord-7=b.desktop;\na=b\n");
    }

    #[test]
    fn a_key_that_stands_twice_becomes_one() {
        let before =
            "[Default Applications]\nx-scheme-handler/discord-7=b.desktop\na=b\nx-scheme-handler/discord-7=c\n";
        let after = "[Default Applications]\nx-scheme-handler/discord-7=discord-7.desktop;b.desktop;c;\na=b\n";
        assert_eq!(with_text(before), after);
    }

    #[test]
    fn taking_ours_out_leaves_what_was_there_before() {
        for before in ["# c\n[Default Applications]\na=b\n", "[Other]\nx=y\n[Default Applications]\n", "", "no end"] {
            let set = with(before.as_bytes(), KIND, OURS);
            let taken = without(&set, KIND, OURS);
            assert!(!String::from_utf8_lossy(&taken).contains(OURS));
            assert!(taken.starts_with(before.as_bytes()), "{before}");
            assert_eq!(without(before.as_bytes(), KIND, OURS), before.as_bytes(), "nothing to take");
        }
    }

    #[test]
    fn what_is_not_utf8_stays() {
        let before = b"[Default Applications]\n\xff\xfe=\x80\r\n";
        assert!(with(before, KIND, OURS).starts_with(before));
    }
}
