//! twilight's Gateway, as a peer: its own bookkeeping of op, s and t, and the text of each event handed over.

use futures_util::StreamExt as _;
use gamebridge_benches::meter::{Meter, port};
use twilight_gateway::{ConfigBuilder, Intents, Message, Shard, ShardId};

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(receive());
}

async fn receive() {
    let config = ConfigBuilder::new("Bot x".into(), Intents::all()).proxy_url(format!("ws://127.0.0.1:{}", port()));
    let mut shard = Shard::with_config(ShardId::ONE, config.build());
    let (mut events, mut meter) = (0, None);
    while let Some(message) = shard.next().await {
        let Message::Text(text) = message.expect("a message") else { continue };
        if text.starts_with(r#"{"t":"READY""#) {
            meter = Some(Meter::start());
            events = 0;
        } else if text.starts_with(r#"{"t":"BENCH_END""#) {
            meter.as_ref().expect("READY came before").print("twilight raw", events);
            return;
        } else {
            events += 1;
        }
    }
}
