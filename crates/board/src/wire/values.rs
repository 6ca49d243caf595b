//! What has no fields: texts, numbers and lists of them, and what is written as a text.

use domain::{
    owner::{Owner, read_id},
    time::Time,
};
use serde_json::Value;
use uuid::Uuid;

use super::{Blank, Wire};
use crate::json::{self, Json, Read};

impl Wire for String {
    fn read(&mut self, json: Json) -> Read<()> {
        *self = json.text().ok_or("")?;
        Ok(())
    }

    fn write(&mut self, out: &mut String) {
        json::quote(self, out);
    }
}

impl Wire for bool {
    fn read(&mut self, json: Json) -> Read<()> {
        let Json::Bool(yes) = json else {
            return Err("");
        };
        *self = yes;
        Ok(())
    }

    fn write(&mut self, out: &mut String) {
        out.push_str(if *self { "true" } else { "false" });
    }
}

impl Wire for i64 {
    fn read(&mut self, json: Json) -> Read<()> {
        *self = json.whole().ok_or("")?;
        Ok(())
    }

    fn write(&mut self, out: &mut String) {
        out.push_str(&self.to_string());
    }
}

impl Wire for u32 {
    fn read(&mut self, json: Json) -> Read<()> {
        *self = json
            .whole()
            .and_then(|whole| whole.try_into().ok())
            .ok_or("")?;
        Ok(())
    }

    fn write(&mut self, out: &mut String) {
        i64::from(*self).write(out);
    }
}

impl Wire for Value {
    fn read(&mut self, json: Json) -> Read<()> {
        *self = json.value();
        Ok(())
    }

    fn write(&mut self, out: &mut String) {
        json::write(self, out);
    }
}

impl Wire for Owner {
    fn read(&mut self, json: Json) -> Read<()> {
        *self = json.text().and_then(|text| Self::read(&text)).ok_or("")?;
        Ok(())
    }

    fn write(&mut self, out: &mut String) {
        json::quote(&self.to_string(), out);
    }
}

impl Wire for Uuid {
    fn read(&mut self, json: Json) -> Read<()> {
        *self = json.text().and_then(|text| read_id(&text)).ok_or("")?;
        Ok(())
    }

    fn write(&mut self, out: &mut String) {
        json::quote(&self.to_string(), out);
    }
}

/// As this system writes it; a draft comes from nowhere else.
impl Wire for Time {
    fn read(&mut self, json: Json) -> Read<()> {
        *self = json
            .text()
            .and_then(|text| Self::read_written(&text))
            .ok_or("")?;
        Ok(())
    }

    fn write(&mut self, out: &mut String) {
        json::quote(&self.to_string(), out);
    }
}

impl<T: Wire + Blank> Wire for Option<T> {
    fn read(&mut self, json: Json) -> Read<()> {
        *self = None;
        if json != Json::Null {
            self.insert(T::blank()).read(json)?;
        }
        Ok(())
    }

    fn write(&mut self, out: &mut String) {
        match self {
            Some(one) => one.write(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Wire + Blank> Wire for Vec<T> {
    fn read(&mut self, json: Json) -> Read<()> {
        self.clear();
        for json in json.list().ok_or("")? {
            let mut one = T::blank();
            one.read(json)?;
            self.push(one);
        }
        Ok(())
    }

    fn write(&mut self, out: &mut String) {
        out.push('[');
        for (n, one) in self.iter_mut().enumerate() {
            json::comma(n, out);
            one.write(out);
        }
        out.push(']');
    }
}

/// What is stored, and what it is called.
impl Wire for (String, String) {
    fn read(&mut self, json: Json) -> Read<()> {
        let mut both = json.list().ok_or("")?.into_iter();
        self.0.read(both.next().unwrap_or_default())?;
        self.1.read(both.next().unwrap_or_default())
    }

    fn write(&mut self, out: &mut String) {
        out.push('[');
        self.0.write(out);
        out.push(',');
        self.1.write(out);
        out.push(']');
    }
}
