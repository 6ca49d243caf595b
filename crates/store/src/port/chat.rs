//! The chat.

use async_trait::async_trait;
use domain::{
    Time,
    chat::{Click, Linked, Post, Route, Workspace},
};
use engine::{
    Result,
    port::{ChatLinkRow, ChatReads, ChatTx, DecisionLinkRow},
};
use uuid::Uuid;

use super::{Connected, Ports, Writing};
use crate::chat;

#[async_trait]
impl<C: Connected> ChatReads for Ports<C> {
    async fn chat_workspace(&mut self, merchant: Uuid) -> Result<Option<Workspace>> {
        Ok(chat::workspace(self.0.of(merchant)?, merchant).await?)
    }

    async fn chat_routes(&mut self, merchant: Uuid) -> Result<Vec<Route>> {
        Ok(chat::routes(self.0.of(merchant)?, merchant).await?)
    }

    async fn chat_people(&mut self, merchant: Uuid) -> Result<Vec<Linked>> {
        Ok(chat::people(self.0.of(merchant)?, merchant).await?)
    }

    async fn chat_person(&mut self, merchant: Uuid, chat_user: &str) -> Result<Option<Linked>> {
        Ok(chat::person(self.0.of(merchant)?, merchant, chat_user).await?)
    }

    async fn chat_link(
        &mut self,
        merchant: Uuid,
        token_hash: &[u8],
    ) -> Result<Option<ChatLinkRow>> {
        Ok(chat::link(self.0.of(merchant)?, merchant, token_hash).await?)
    }

    async fn chat_post(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Post>> {
        Ok(chat::post(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn chat_posts(&mut self, merchant: Uuid, about: Uuid) -> Result<Vec<Post>> {
        Ok(chat::posts(self.0.of(merchant)?, merchant, about).await?)
    }

    async fn latest_chat_posts(&mut self, merchant: Uuid, limit: i64) -> Result<Vec<Post>> {
        Ok(chat::latest_posts(self.0.of(merchant)?, merchant, limit).await?)
    }

    async fn chat_click(&mut self, merchant: Uuid, id: Uuid) -> Result<Option<Click>> {
        Ok(chat::click(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn decision_link(
        &mut self,
        merchant: Uuid,
        token_hash: &[u8],
    ) -> Result<Option<DecisionLinkRow>> {
        Ok(chat::decision_link(self.0.of(merchant)?, merchant, token_hash).await?)
    }

    async fn mailed_about(&mut self, merchant: Uuid, approval: Uuid) -> Result<Vec<Uuid>> {
        Ok(chat::mailed_about(self.0.of(merchant)?, merchant, approval).await?)
    }
}

#[async_trait]
impl ChatTx for Ports<Writing<'_>> {
    async fn insert_chat_workspace(&mut self, workspace: &Workspace) -> Result<()> {
        Ok(chat::insert_workspace(self.0.of(workspace.merchant_id)?, workspace).await?)
    }

    async fn save_chat_workspace(&mut self, workspace: &Workspace) -> Result<()> {
        Ok(chat::save_workspace(self.0.of(workspace.merchant_id)?, workspace).await?)
    }

    async fn delete_chat_workspace(&mut self, merchant: Uuid) -> Result<()> {
        Ok(chat::delete_workspace(self.0.of(merchant)?, merchant).await?)
    }

    async fn set_chat_route(
        &mut self,
        merchant: Uuid,
        owner: &str,
        place: Option<&str>,
    ) -> Result<()> {
        Ok(chat::set_route(self.0.of(merchant)?, merchant, owner, place).await?)
    }

    async fn insert_chat_person(&mut self, person: &Linked) -> Result<()> {
        Ok(chat::insert_person(self.0.of(person.merchant_id)?, person).await?)
    }

    async fn delete_chat_person(&mut self, merchant: Uuid, chat_user: &str) -> Result<bool> {
        Ok(chat::delete_person(self.0.of(merchant)?, merchant, chat_user).await?)
    }

    async fn insert_chat_link(&mut self, link: &ChatLinkRow) -> Result<()> {
        Ok(chat::insert_link(self.0.of(link.merchant_id)?, link).await?)
    }

    async fn use_chat_link(
        &mut self,
        merchant: Uuid,
        token_hash: &[u8],
        now: Time,
    ) -> Result<bool> {
        Ok(chat::use_link(self.0.of(merchant)?, merchant, token_hash, now).await?)
    }

    async fn insert_chat_post(&mut self, post: &Post) -> Result<()> {
        Ok(chat::insert_post(self.0.of(post.merchant_id)?, post).await?)
    }

    async fn save_chat_post(&mut self, post: &Post) -> Result<()> {
        Ok(chat::save_post(self.0.of(post.merchant_id)?, post).await?)
    }

    async fn delete_chat_post(&mut self, merchant: Uuid, id: Uuid) -> Result<()> {
        Ok(chat::delete_post(self.0.of(merchant)?, merchant, id).await?)
    }

    async fn insert_chat_click(&mut self, click: &Click, digest: &[u8]) -> Result<bool> {
        Ok(chat::insert_click(self.0.of(click.merchant_id)?, click, digest).await?)
    }

    async fn save_chat_click(&mut self, click: &Click) -> Result<()> {
        Ok(chat::save_click(self.0.of(click.merchant_id)?, click).await?)
    }

    async fn insert_decision_link(&mut self, link: &DecisionLinkRow) -> Result<()> {
        Ok(chat::insert_decision_link(self.0.of(link.merchant_id)?, link).await?)
    }

    async fn forget_chat(&mut self, merchant: Uuid, before: Time) -> Result<u64> {
        Ok(chat::forget(self.0.of(merchant)?, merchant, before).await?)
    }
}
