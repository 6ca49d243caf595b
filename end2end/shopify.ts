// Shopify's side of the conversation. Signed here with Node's own cryptography, so that these tests do not check our signing
// with our signing.

import { createHmac, randomInt, randomUUID } from "node:crypto";

import type { Meshline } from "./meshline.ts";

export interface Receipt {
  receipt_id: string;
  status: string;
}

export interface Sent {
  status: number;
  body: string;
  /** The answer, where it is a receipt. */
  receipt: Receipt;
}

export interface SendOptions {
  merchant?: string;
  /** Instead of the source's own secret, for a forged delivery. */
  secret?: string;
  /** Given again, it makes a repeated delivery. */
  webhookId?: string;
  shop?: string;
}

/** Delivers a webhook. A string or buffer goes out as it is, anything else as JSON. */
export async function send(
  meshline: Meshline,
  topic: string,
  payload: unknown,
  options: SendOptions = {},
): Promise<Sent> {
  const source = meshline.source("shopify", options.merchant);
  const raw = typeof payload === "string" || payload instanceof Uint8Array ? payload : JSON.stringify(payload);
  const body = new Uint8Array(Buffer.from(raw));
  const answer = await fetch(meshline.baseURL + source.url_path, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      "x-shopify-topic": topic,
      "x-shopify-hmac-sha256": createHmac("sha256", options.secret ?? source.secret).update(body).digest("base64"),
      "x-shopify-shop-domain": options.shop ?? "tests.myshopify.com",
      "x-shopify-api-version": "2025-10",
      "x-shopify-webhook-id": options.webhookId ?? randomUUID(),
      "x-shopify-event-id": randomUUID(),
      "x-shopify-triggered-at": new Date().toISOString(),
    },
    body,
  });
  const text = await answer.text();
  const receipt: Receipt = answer.ok ? JSON.parse(text) : { receipt_id: "", status: "" };
  return { status: answer.status, body: text, receipt };
}

export interface OrderOptions {
  number?: number;
  currency?: string;
  financialStatus?: "pending" | "authorized" | "paid";
  email?: string;
  lines?: { sku: string; title: string; quantity: number; price: number }[];
}

// no two of a run have the same number, and none is the beginning of another
let last = randomInt(100_000, 900_000);

/** A plausible order as `orders/create` carries it. Prices are in whole minor units. */
export function order(options: OrderOptions = {}) {
  const number = options.number ?? ++last;
  const currency = options.currency ?? "USD";
  const lines = options.lines ?? [{ sku: "TEE-NVY-M", title: "Heavyweight tee, navy, M", quantity: 2, price: 3200 }];
  const id = 5_600_000_000_000 + number;
  const now = new Date().toISOString().replace(/\.\d+Z$/, "+00:00");
  const money = (minor: number) => (minor / 100).toFixed(2);
  const both = (minor: number) => {
    const amount = { amount: money(minor), currency_code: currency };
    return { shop_money: amount, presentment_money: amount };
  };
  const subtotal = lines.reduce((sum, line) => sum + line.quantity * line.price, 0);
  const shipping = 600;
  const total = subtotal + shipping;
  const address = {
    first_name: "Ines",
    last_name: "Marchetti",
    address1: "48 Mercer Street",
    address2: null,
    city: "New York",
    province: "New York",
    province_code: "NY",
    country: "United States",
    country_code: "US",
    zip: "10013",
    phone: null,
    company: null,
    name: "Ines Marchetti",
  };
  return {
    id,
    admin_graphql_api_id: `gid://shopify/Order/${id}`,
    name: `#${number}`,
    order_number: number,
    number,
    confirmed: true,
    test: false,
    created_at: now,
    updated_at: now,
    processed_at: now,
    cancelled_at: null,
    cancel_reason: null,
    closed_at: null,
    currency,
    presentment_currency: currency,
    email: options.email ?? "ines.marchetti@example.com",
    contact_email: options.email ?? "ines.marchetti@example.com",
    financial_status: options.financialStatus ?? "paid",
    fulfillment_status: null,
    gateway: "shopify_payments",
    payment_gateway_names: ["shopify_payments"],
    source_name: "web",
    tags: "",
    note: null,
    subtotal_price: money(subtotal),
    subtotal_price_set: both(subtotal),
    current_subtotal_price: money(subtotal),
    total_line_items_price: money(subtotal),
    total_discounts: "0.00",
    total_tax: "0.00",
    total_shipping_price_set: both(shipping),
    total_price: money(total),
    total_price_set: both(total),
    current_total_price: money(total),
    current_total_price_set: both(total),
    customer: { id: id + 1, email: options.email ?? "ines.marchetti@example.com", first_name: "Ines", last_name: "Marchetti" },
    billing_address: address,
    shipping_address: address,
    shipping_lines: [{ id: id + 2, title: "Standard", code: "standard", price: money(shipping), source: "shopify" }],
    line_items: lines.map((line, index) => ({
      id: id + 100 + index,
      admin_graphql_api_id: `gid://shopify/LineItem/${id + 100 + index}`,
      product_id: 8_000_000_000 + index,
      variant_id: 9_000_000_000 + index,
      sku: line.sku,
      title: line.title,
      name: line.title,
      quantity: line.quantity,
      current_quantity: line.quantity,
      fulfillable_quantity: line.quantity,
      fulfillment_status: null,
      fulfillment_service: "manual",
      requires_shipping: true,
      taxable: true,
      gift_card: false,
      grams: 240,
      price: money(line.price),
      price_set: both(line.price),
      total_discount: "0.00",
      tax_lines: [],
      discount_allocations: [],
    })),
    discount_codes: [],
    discount_applications: [],
    fulfillments: [],
    refunds: [],
    tax_lines: [],
  };
}
