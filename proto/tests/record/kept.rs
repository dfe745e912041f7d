//! The recordings that are kept: somebody's trouble each, or a scene that must stay as it is (docs/recording.md).

use std::path::Path;

use gamebridge_proto::record::replay;

#[test]
fn every_kept_recording_plays_without_a_difference() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/recordings");
    let mut played = 0;
    for entry in std::fs::read_dir(&folder).expect("the folder") {
        let path = entry.expect("a file").path();
        if path.extension().is_none_or(|ending| ending != "jsonl") {
            continue;
        }
        let recording = std::fs::read(&path).expect("a file");
        let report = replay(&recording).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert!(report.is_same(), "{}:\n{report}", path.display());
        played += 1;
    }
    assert!(played > 0, "no recording in {}", folder.display());
}
