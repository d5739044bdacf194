/**
 * The names of things. Each is a string with a brand, so that one kind cannot be passed for another; the
 * bytes behind them are the protocol's concern (`protocol/identifiers.ts`).
 */
declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** Base58 multihash of an Ed25519 public key, `12D3KooW…`: the identity that a connection proves (D9). */
export type PeerId = Branded<'PeerId'>
/** UUID version 8; its text order is the order of minting within an installation. */
export type MessageId = Branded<'MessageId'>
/** Base64url without padding: 43 characters (32 bytes) of a direct conversation, 22 (16 bytes) of a group. */
export type ConversationId = Branded<'ConversationId'>
/** Base64url without padding, 11 characters (8 bytes), random for each installation and conversation. */
export type LogId = Branded<'LogId'>
/** Base64url without padding, 22 characters (16 bytes), random for each installation. */
export type InstallationId = Branded<'InstallationId'>

const PEER_ID = /^12D3KooW[1-9A-HJ-NP-Za-km-z]{44}$/
const CONVERSATION_ID = /^(?:[A-Za-z0-9_-]{43}|[A-Za-z0-9_-]{22})$/

/** Whether `text` has the form of a peer id; that it names a valid key is checked where it is decoded. */
export const isPeerId = (text: string): text is PeerId => PEER_ID.test(text)
export const isConversationId = (text: string): text is ConversationId => CONVERSATION_ID.test(text)
