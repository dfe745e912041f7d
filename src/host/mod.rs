//! placeholder while the door is on its way
use crate::session::port::Port;
use gamebridge_proto::error::Error;
use gamebridge_proto::wire::catalog::Row;
#[derive(Debug)]
pub struct Service;
impl Service {
    pub fn parse(_: &str, _: &[u8]) -> Result<Service, Error> {
        Err(Error::argument("none"))
    }
    pub fn commands(&self) -> fn(&str) -> Option<&'static Row> {
        |_| None
    }
}
pub async fn run(_: Service, _: Port) {}
