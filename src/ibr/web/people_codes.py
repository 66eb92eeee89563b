"""Words of the pages about officers and acts that need two people."""

from __future__ import annotations

from typing import Final

from ibr.codelists.code_list import CodeList

ROLE: Final = CodeList(
    "role",
    {
        "administrator": "Administrator",
        "programme_officer": "Programme officer",
        "analyst": "Analyst",
        "auditor": "Auditor",
        "help_desk": "Help desk",
        "developer": "Developer of a partner",
        "steward": "Data steward",
        "planner": "Planner",
        "data_protection_officer": "Data protection officer",
    },
)
ROLE_MEANS: Final = CodeList(
    "role_means",
    {
        "administrator": "Runs the registry: programmes, partners, officers, deliveries, releases.",
        "programme_officer": "Works for programmes: their people, findings, cases and files.",
        "analyst": "Works with figures and releases; sees no person.",
        "auditor": "Sees how everything is done and by whom; changes nothing.",
        "help_desk": "Helps people who ask about themselves.",
        "developer": "Builds the system of one partner; sees neither figures nor people.",
        "steward": "Decides which records are the same person.",
        "planner": "Sees figures, what would be otherwise, and releases; sees no person.",
        "data_protection_officer": "Watches over look-ups, agreements and the audit trail.",
    },
)
ROLE_STATE: Final = CodeList(
    "role_state", {"now": "Holds", "coming": "To come", "over": "Over", "ended": "Ended"}
)
OFFICER_STATE: Final = CodeList(
    "officer_state",
    {
        "active": "Active",
        "invited": "Invited",
        "no_password": "No password yet",
        "no_role": "No role",
        "suspended": "Suspended",
        "not_seen": "Suspended: not seen",
        "warned": "Not seen for long",
    },
)
OFFICER_CHANGE: Final = CodeList(
    "officer_change",
    {
        "added": "Entered",
        "invited": "Invited",
        "reset_asked": "Given a link to set a new password",
        "password_set": "Set a password with a link",
        "password_changed": "Changed the password",
        "name_changed": "Changed the name",
        "role_asked": "Proposed for a role",
        "role_given": "Given a role",
        "role_ended": "A role was ended",
        "role_over": "A role was over",
        "warned": "Will be suspended for not being seen",
        "suspended": "Suspended",
        "let_in": "Let in again",
        "session_ended": "Sessions ended",
    },
)
ACT: Final = CodeList(
    "act",
    {
        "agreement.add": "Enter an agreement",
        "agreement.end": "End an agreement",
        "partner.add": "Add a partner",
        "partner.scope": "Change what a partner may do",
        "partner.key": "Change a partner's keys",
        "officer.role": "Give a role that can be the second person",
        "officer.link": "Give an officer a link to set a password",
        "export.bulk": "Export many figures",
        "erasure": "Erase a person's data",
        "audit.key": "Change the key that seals the audit trail",
        "budget.give": "Give an asker a budget of its own",
        "retention.rule": "Change how long a class of data is kept",
        "hold.lift": "Lift a legal hold",
        "research.extract": "Give out an extract for research",
    },
)
ACT_DETAIL: Final = CodeList(
    "act_detail",
    {
        "officer": "Officer",
        "roles": "Roles",
        "programmes": "Programmes",
        "areas": "Areas",
        "from": "First day",
        "until": "Last day",
        "sender_id": "Partner (sender_id)",
        "name": "Name of the organisation",
        "report": "May report for",
        "ask": "May ask about",
        "scopes": "May do",
        "encryption": "Encryption",
        "keys": "Keys",
        "jwks_url": "Publishes its keys at",
        "callback_urls": "Is called back at",
        "key_added": "Key added",
        "key_revoked": "Key revoked",
        "indicators": "Indicators",
        "breakdowns": "Broken down by",
        "periods": "Months",
        "where": "Only",
        "form": "Form of the file",
        "figures": "Figures",
        "asker": "Whose",
        "purpose": "Purpose, * for all",
        "people_an_hour": "Different people an hour",
        "people_a_day": "Different people a day",
        "agreement": "Agreement",
        "partner": "Partner",
        "clause": "Clause",
        "law": "Law",
        "ends_from": "Counts no more from",
        "link": "Link to set a password",
        "data_class": "Class of data",
        "keep_days": "Days to keep it, – for as long as nobody says otherwise",
        "disposal": "What happens then",
        "hold": "Hold",
        "held": "What is held",
        "hold_reason": "Why it is held",
        "records": "Records",
        "ground": "On what ground",
        "with_bytes": "Also the bytes of whole deliveries that carried them",
        "columns": "Columns",
        "months": "Months",
        "expires": "Gone after",
        "k": "Fewest alike",
        "client_id": "client_id",
        "client_secret": "client_secret",
    },
)
ACT_STATE: Final = CodeList(
    "act_state",
    {
        "open": "Waiting",
        "expired": "Expired",
        "approved": "Approved and done",
        "refused": "Refused",
        "withdrawn": "Withdrawn",
    },
)
# Why something was refused, by the code of the refusal.
PROBLEM: Final = CodeList(
    "people_problem",
    {
        "officer.role": "Choose a role.",
        "officer.days": "The last day is on or after the first, not over yet, within ten years.",
        "officer.role_held": "The officer holds this role already. End it first, then give it "
        "anew.",
        "officer.incompatible": "Nobody holds both of these roles, so that nobody watches over "
        "themselves or decides what they look into.",
        "officer.own_role": "Nobody changes their own roles. Ask a colleague.",
        "officer.own_account": "Nobody suspends themselves or lets themselves in. Ask a colleague.",
        "officer.own_link": "Change your own password on the page My account.",
        "officer.partner": "A developer works for one partner, and nobody else has a partner.",
        "officer.email": "That is not an e-mail address.",
        "officer.name": "A name has 1 to 120 characters.",
        "officer.exists": "There is an officer of that e-mail address already.",
        "officer.unknown": "There is no such officer.",
        "officer.role_unknown": "This role is not held any more.",
        "officer.last_administrator": "This is the last administrator. Give the role to somebody "
        "else first.",
        "officer.suspended": "This officer is suspended. Let them in again first.",
        "officer.suspended_already": "This officer is suspended already.",
        "officer.not_suspended": "This officer is not suspended.",
        "officer.password": "A password has at least 12 characters. A sentence that only you would "
        "say is a good one.",
        "officer.password_common": "This password is one of the first that somebody would try. "
        "Take a sentence that only you would say, without your name or address.",
        "officer.password_twice": "The two passwords are not the same.",
        "officer.password_wrong": "The password you use now is not right.",
        "officer.link": "This link was used, replaced by a newer one, or is older than 72 hours. "
        "Ask an administrator of the registry for a new one.",
        "officer.no_role_yet": "This officer holds no role. Give them one first, then a link.",
        "programme.unknown": "There is no such programme.",
        "area.unknown": "There is no area of that code.",
        "partner.unknown": "There is no partner of that sender_id.",
        "partner.exists": "There is already a partner of that sender_id.",
        "partner.sender_id": "A sender_id has 1 to 200 characters and no blanks.",
        "partner.no_key": "Give a public key, or the address where the partner publishes its keys.",
        "partner.unchanged": "Nothing would change.",
        "scope.unknown": "Choose at least one scope.",
        "key.unknown": "The partner has no key of that id that still counts.",
        "file.json": "That is not JSON. Paste a JWK, or a JWKS with several keys.",
        "key.invalid": "That is not a public key as a JWK (RFC 7517).",
        "key.private": "That is a private key. Ask the partner for the public one, and to throw "
        "the private one away.",
        "key.kind": "A key of that kind cannot be used here. See the manual on keys.",
        "key.kid_taken": "The partner has another key with this id.",
        "key.revoked": "This key id was revoked and never counts again.",
        "key.twice": "Two keys have the same kid; give each its own.",
        "session.unknown": "That session has ended already.",
        "key.too_many": "The partner would have too many keys that count. Revoke old ones first.",
        "address.invalid": "The registry would not contact this address. See the manual on "
        "callbacks.",
        "act.own": "You proposed this yourself. Somebody else must look at it and approve it.",
        "act.expired": "This proposal is older than seven days. It must be proposed again.",
        "act.decided": "Somebody has decided about this proposal already.",
        "act.proposed_already": "The very same is proposed already and waits for approval.",
        "act.proposer_gone": "Whoever proposed this may not do so any more. Refuse it.",
        "act.right_lost": "You do not hold the role for this any more.",
        "act.reason": "Say why you refuse it; whoever proposed it will read it.",
        "act.words": "Say it in at most 1,000 characters.",
        "act.unknown": "This registry does not know that act any more. Refuse it.",
    },
)

LISTS: Final = {
    "ROLE": ROLE,
    "ROLE_MEANS": ROLE_MEANS,
    "ROLE_STATE": ROLE_STATE,
    "OFFICER_STATE": OFFICER_STATE,
    "OFFICER_CHANGE": OFFICER_CHANGE,
    "ACT": ACT,
    "ACT_DETAIL": ACT_DETAIL,
    "ACT_STATE": ACT_STATE,
    "PEOPLE_PROBLEM": PROBLEM,
}
