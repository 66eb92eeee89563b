"""The catalogue of audit events: every kind by name, with what it says. Documented one by one."""

from __future__ import annotations

from typing import Final

QUESTION_ENROLLED: Final = "question.enrolled"
QUESTION_SEARCH: Final = "question.search"
QUESTION_PERSON: Final = "question.person_record"
QUESTION_LINK: Final = "question.possible_link"
QUESTION_REFUSED: Final = "question.refused"
REQUEST_ACCEPTED: Final = "request.accepted"
SUBSCRIBED: Final = "subscription.made"
UNSUBSCRIBED: Final = "subscription.cancelled"
SUBSCRIBE_REFUSED: Final = "subscription.refused"
NOTIFIED: Final = "subscription.notified"
NOTIFY_WITHHELD: Final = "subscription.withheld"
CALLBACK_WITHDRAWN: Final = "callback.withdrawn"
CALLBACKS_SENT_AGAIN: Final = "callback.sent_again"
CALLBACKS_REPLAYED: Final = "callback.replayed"
CALLBACK_TESTED: Final = "callback.tested"
DELIVERY_DONE: Final = "delivery.done"
DELIVERY_REFUSED: Final = "delivery.refused"
FILE_TRIED: Final = "file.tried"
FILE_SENT: Final = "file.sent"
FILE_ANSWERED: Final = "file.answered"
DELIVERY_HELD: Final = "delivery.held"
DELIVERY_DECIDED: Final = "delivery.decided"
DELIVERY_NOT_TAKEN: Final = "delivery.not_taken"
DELIVERY_UNDONE: Final = "delivery.undone"
DELIVERY_LIMITS: Final = "delivery.limits"
CALENDAR_RULE: Final = "calendar.rule_set"
CALENDAR_RULE_GONE: Final = "calendar.rule_taken_back"
CALENDAR_CONTACT: Final = "calendar.contact_set"
CALENDAR_CONTACT_GONE: Final = "calendar.contact_taken_back"
CALENDAR_REMINDED: Final = "calendar.reminded"
SIGNATURE_REFUSED: Final = "signature.refused"
TOKEN_GIVEN: Final = "token.given"
TOKEN_REFUSED: Final = "token.refused"
SIGNED_IN: Final = "officer.signed_in"
SIGN_IN_REFUSED: Final = "officer.sign_in_refused"
SIGNED_OUT: Final = "officer.signed_out"
CODE_REFUSED: Final = "officer.code_refused"
FACTOR_CHANGED: Final = "officer.factor_changed"
FACTORS_RESET: Final = "officer.factors_reset"
BREAK_GLASS_SET: Final = "officer.break_glass_set"
BREAK_GLASS_USED: Final = "officer.break_glass_used"
MINISTRY_LINKED: Final = "officer.ministry_linked"
MINISTRY_REFUSED: Final = "officer.ministry_refused"
PARTNER_ADDED: Final = "partner.added"
PARTNER_SUSPENDED: Final = "partner.suspended"
PARTNER_CHANGED: Final = "partner.changed"
PARTNER_KEYS: Final = "partner.keys_changed"
AGREEMENT_ADDED: Final = "agreement.added"
AGREEMENT_ENDED: Final = "agreement.ended"
OWN_KEY_MADE: Final = "own_key.made"
OWN_KEY_REVOKED: Final = "own_key.revoked"
OFFICER_ADDED: Final = "officer.added"
OFFICER_INVITED: Final = "officer.invited"
OFFICER_RESET: Final = "officer.reset_asked"
OFFICER_PASSWORD: Final = "officer.password_set"
OFFICER_CHANGED: Final = "officer.changed"
OFFICER_ROLE: Final = "officer.role_given"
OFFICER_ROLE_ENDED: Final = "officer.role_ended"
OFFICER_ACTS_IN: Final = "officer.acts_in"
OFFICER_WARNED: Final = "officer.warned"
OFFICER_SUSPENDED: Final = "officer.suspended"
OFFICER_LET_IN: Final = "officer.let_in"
OFFICER_SESSIONS: Final = "officer.sessions_ended"
OFFICER_PROVED: Final = "officer.proved_again"
OFFICER_NOT_PROVED: Final = "officer.not_proved_again"
ACT_PROPOSED: Final = "act.proposed"
ACT_APPROVED: Final = "act.approved"
ACT_REFUSED: Final = "act.refused"
ACT_WITHDRAWN: Final = "act.withdrawn"
ACT_ALONE: Final = "act.without_second_person"
PROGRAMME_ADDED: Final = "programme.added"
QUESTION_DUPLICATES: Final = "question.possible_duplicates"
LINK_DECIDED: Final = "link.decided"
LINK_KNOWN: Final = "link.known_pairs"
LINK_KNOWN_ANSWERED: Final = "link.known_answered"
LINK_RUN: Final = "link.run"
LINK_MODEL: Final = "link.model"
PAIR_SET: Final = "programme_pair.set"
PAIR_ENDED: Final = "programme_pair.ended"
RULE_SET: Final = "programme_rule.set"
RULE_ENDED: Final = "programme_rule.ended"
CHECKS_RUN: Final = "checks.run"
CHECK_EXEMPTED: Final = "check.exempted"
CHECK_EXEMPTION_ENDED: Final = "check.exemption_ended"
SOURCE_ADDED: Final = "source.added"
SOURCE_ENDED: Final = "source.ended"
SOURCE_ASKED: Final = "source.asked"
SOURCE_TOLD: Final = "source.told"
SOURCE_REFUSED: Final = "source.refused"
SOURCE_SILENT: Final = "source.silent"
CASES_OPENED: Final = "case.opened"
CASE_SEEN: Final = "case.seen"
CASE_STEP: Final = "case.step"
CASE_MONEY: Final = "case.money"
AREAS_IMPORTED: Final = "areas.imported"
POPULATION_IMPORTED: Final = "population.imported"
REFERENCE_ENTERED: Final = "reference.entered"
FIGURES_EXPORTED: Final = "figures.exported"
FIGURES_FROZEN: Final = "figures.frozen"
RELEASE_ANNOUNCED: Final = "release.announced"
RELEASE_BUILT: Final = "release.built"
RELEASE_LOOKED_AT: Final = "release.looked_at"
RELEASE_SIGNED: Final = "release.signed"
RELEASE_PUBLISHED: Final = "release.published"
RELEASE_WITHDRAWN: Final = "release.withdrawn"
AUDIT_KEY_MADE: Final = "audit.key_made"
AUDIT_RESTORED: Final = "audit.restored"
AUDIT_SEARCHED: Final = "audit.searched"
AUDIT_EXPORTED: Final = "audit.exported"
EVIDENCE_MADE: Final = "audit.evidence_made"
BUDGET_GIVEN: Final = "budget.given"
BUDGET_ENDED: Final = "budget.ended"
ALARM_RAISED: Final = "alarm.raised"
ALARM_LOOKED_AT: Final = "alarm.looked_at"
PERSON_PROTECTED: Final = "protection.marked"
PROTECTION_ENDED: Final = "protection.ended"
PROTECTED_OPENED: Final = "protection.opened"
VISIT_BEGUN: Final = "visit.begun"
VISIT_NOT_BEGUN: Final = "visit.not_begun"
VISIT_ENDED: Final = "visit.ended"
PERSON_SIGNED_IN: Final = "person.signed_in"
PERSON_NOT_SIGNED_IN: Final = "person.not_signed_in"
STATEMENT_GIVEN: Final = "statement.given"
PERSON_ASKED: Final = "person_request.made"
PERSON_ANSWERED: Final = "person_request.answered"
PERSON_REQUEST_DONE: Final = "person_request.done"
RETENTION_RULE: Final = "retention.rule_set"
RETENTION_RUN: Final = "retention.run"
HOLD_PLACED: Final = "hold.placed"
HOLD_LIFTED: Final = "hold.lifted"
ERASURE_APPROVED: Final = "erasure.approved"
ERASURE_DONE: Final = "erasure.done"
ERASURE_REPLAYED: Final = "erasure.replayed"
EXTRACT_APPROVED: Final = "extract.approved"
EXTRACT_MADE: Final = "extract.made"
EXTRACT_TAKEN: Final = "extract.taken"
EXTRACT_EXPIRED: Final = "extract.expired"
PROCESSING_REVIEWED: Final = "processing.reviewed"
PROCESSING_EXPORTED: Final = "processing.exported"

CATALOGUE: Final = {
    QUESTION_ENROLLED: "A yes/no question was answered: programme, purpose, number of subjects.",
    QUESTION_SEARCH: "A search was answered: purpose, number of records shown.",
    QUESTION_PERSON: "An officer opened a person's records: purpose, number of records shown.",
    QUESTION_LINK: "An officer opened a possible link: purpose, number of records shown.",
    QUESTION_REFUSED: "A question was refused: which, and the reason.",
    REQUEST_ACCEPTED: "A request was acknowledged, to be answered later: action, purpose, items.",
    SUBSCRIBED: "A partner subscribed to changes: which event, for what purpose.",
    UNSUBSCRIBED: "A partner cancelled subscriptions: how many.",
    SUBSCRIBE_REFUSED: "Subscriptions that a partner asked for were refused: how many.",
    NOTIFIED: "A subscriber was notified: which subscriptions, how many records.",
    NOTIFY_WITHHELD: "A subscriber was not notified, as it lost the right to it: how many records.",
    CALLBACK_WITHDRAWN: "A message was not sent: its receiver had lost the right to it meanwhile.",
    CALLBACKS_SENT_AGAIN: "Messages that had been given up were sent again: which, or how many.",
    CALLBACKS_REPLAYED: "Delivered messages were sent again from a number on: whose, how many.",
    CALLBACK_TESTED: "A test callback was sent from the developers' page: to which partner.",
    DELIVERY_DONE: "A delivery was stored: programmes, counts of stored and refused records.",
    DELIVERY_REFUSED: "A delivery was refused as a whole: the reason.",
    FILE_TRIED: "A file was to be tried out without effect: which, for which programme and month.",
    FILE_SENT: "A file was sent on to be taken in: which, for which programme and month.",
    FILE_ANSWERED: "A response file was handed out: of which file.",
    DELIVERY_HELD: "A delivery is out of the ordinary and waits for a person: which, and why.",
    DELIVERY_DECIDED: "Somebody let a delivery go, refused it, or began to undo it: which, what.",
    DELIVERY_NOT_TAKEN: "The sender of a refused delivery got its answer: which, how many records.",
    DELIVERY_UNDONE: "A delivery was voided or counts again: which, how many records changed.",
    DELIVERY_LIMITS: "Limits of the checks on arrival were set: which programme, which limits.",
    CALENDAR_RULE: "It was entered when a programme reports: which, from what month, how often.",
    CALENDAR_RULE_GONE: "What was entered of a programme's reports was taken back: which month.",
    CALENDAR_CONTACT: "It was entered whom to remind of a programme's reports; no address.",
    CALENDAR_CONTACT_GONE: "Nobody is reminded of a programme's reports any more: which programme.",
    CALENDAR_REMINDED: "A reminder of a report went out or was given up: which, which step.",
    SIGNATURE_REFUSED: "A message was refused because its signature is missing or does not hold.",
    TOKEN_GIVEN: "A partner got a bearer token.",
    TOKEN_REFUSED: "A token was asked for with a wrong or unknown client secret.",
    SIGNED_IN: "An officer signed in.",
    SIGN_IN_REFUSED: "Somebody tried to sign in with a wrong address or password.",
    SIGNED_OUT: "An officer signed out.",
    CODE_REFUSED: "A wrong code or passkey was given as a second factor.",
    FACTOR_CHANGED: "An officer changed the factors of their own account: what.",
    FACTORS_RESET: "Whoever runs the registry took an officer's factors away: whose.",
    BREAK_GLASS_SET: "An account was made one for emergencies, or an ordinary one again: which.",
    BREAK_GLASS_USED: "An emergency account was signed in with. This is an alarm.",
    MINISTRY_LINKED: "An officer first came by the ministry's own sign-in, and is known by it now.",
    MINISTRY_REFUSED: "Signing in by way of the ministry was refused: the reason.",
    PARTNER_ADDED: "A partner was added: programmes, scopes, signature policy.",
    PARTNER_SUSPENDED: "A partner was shut out, or let in again.",
    PARTNER_CHANGED: "A partner's policies, addresses or name were changed: to what.",
    PARTNER_KEYS: "A partner's keys were added, ended or revoked, by hand or as fetched: which.",
    AGREEMENT_ADDED: "An agreement with a partner was entered: which, until when, its clauses.",
    AGREEMENT_ENDED: "An agreement with a partner was ended: which, from what day on.",
    OWN_KEY_MADE: "A key of the registry's own was made and announced: which, and from when.",
    OWN_KEY_REVOKED: "A key of the registry's own was revoked: which.",
    OFFICER_ADDED: "An officer was added: role.",
    OFFICER_INVITED: "An officer was sent or handed a link to set a password: which officer.",
    OFFICER_RESET: "A link to set a new password was made for an officer: which officer.",
    OFFICER_PASSWORD: "An officer set or changed their password: by a link, or by the old one.",
    OFFICER_CHANGED: "An officer's name or language was changed: which of them.",
    OFFICER_ROLE: "An officer was given a role: which, programmes, areas, first and last day.",
    OFFICER_ROLE_ENDED: "A role of an officer was ended, or was over by its last day: which.",
    OFFICER_ACTS_IN: "An officer who holds several roles went on in another one: which.",
    OFFICER_WARNED: "An officer will be suspended for not being seen: which, and on what day.",
    OFFICER_SUSPENDED: "An officer was shut out: which, by an administrator or for not being seen.",
    OFFICER_LET_IN: "An officer was let in again: which.",
    OFFICER_SESSIONS: "Open sessions of an officer were ended: whose, how many.",
    OFFICER_PROVED: "An officer proved again who they are, for an act that asks for it.",
    OFFICER_NOT_PROVED: "Somebody failed to prove again who they are, in an open session.",
    ACT_PROPOSED: "An act that needs two people was proposed: which, digest of what it would do.",
    ACT_APPROVED: "A second person approved an act, which was carried out: which, whose.",
    ACT_REFUSED: "A second person refused an act: which, whose.",
    ACT_WITHDRAWN: "An act that needs two people was withdrawn by its proposer: which.",
    ACT_ALONE: "Whoever runs the machine did an act without a second person: which.",
    PROGRAMME_ADDED: "A programme was added or amended.",
    QUESTION_DUPLICATES: "Possible duplicates of an applicant were asked for: purpose, how many.",
    LINK_DECIDED: "Somebody decided about a possible link: which decision, reason and opinion.",
    LINK_KNOWN: "Known pairs were put among those to review, or taken out: how many.",
    LINK_KNOWN_ANSWERED: "A reviewer answered a known pair; it changes nothing: which reason.",
    LINK_RUN: "It was worked out who is who: kind of run, how it ended, how many moved.",
    LINK_MODEL: "A model of linkage was added or came into use: which.",
    PAIR_SET: "It was entered whether two programmes go together: which, how, since when.",
    PAIR_ENDED: "What was entered of two programmes ends: which, on what day.",
    RULE_SET: "A rule of a programme was entered for the checks: which programme, which rule.",
    RULE_ENDED: "A rule of a programme ends: which, on what day.",
    CHECKS_RUN: "Checks were run on a snapshot: which, how much they found, opened and closed.",
    CHECK_EXEMPTED: "Somebody was entered as lawfully exempt from a check: which one, until when.",
    CHECK_EXEMPTION_ENDED: "An exemption from a check was taken back: which.",
    SOURCE_ADDED: "Another registry was added as a source: kind, attributes, purpose.",
    SOURCE_ENDED: "The agreement with a source ended: nothing is asked of it or read from it.",
    SOURCE_ASKED: "Another registry was asked, or asked to tell: about how many, which purpose.",
    SOURCE_TOLD: "Another registry told something: how much was new, older, known or dropped.",
    SOURCE_REFUSED: "Another registry refused a question of this one: the reason it gave.",
    SOURCE_SILENT: "Another registry did not answer a question of this one, asked again too.",
    CASES_OPENED: "Cases were opened from findings, or findings added to open ones: how many.",
    CASE_SEEN: "An officer opened a case, or a letter of it: which case.",
    CASE_STEP: "A step of a case was taken: which case, what, from where to where.",
    CASE_MONEY: "Money stopped, recovered or given back was entered, confirmed or dropped.",
    AREAS_IMPORTED: "A list of areas was imported: level, how many are new, the file's digest.",
    POPULATION_IMPORTED: "Population figures were imported: year and group, the file's digest.",
    REFERENCE_ENTERED: "An amount to hold benefits against was entered: which kind, how much.",
    FIGURES_EXPORTED: "Figures were handed out as a file or over the interface: which, how many.",
    FIGURES_FROZEN: "Figures were worked out and frozen: run, snapshot, months, how many tables.",
    RELEASE_ANNOUNCED: "A release was announced: for whom, which month, on what day.",
    RELEASE_BUILT: "A release was built: for whom, which months, how much is shown and hidden.",
    RELEASE_LOOKED_AT: "Somebody looked at figures of a release that nothing can hide any more.",
    RELEASE_SIGNED: "Somebody stands for a release: which, and the digest of what was signed.",
    RELEASE_PUBLISHED: "A release was published: which, with the digest of its tables.",
    RELEASE_WITHDRAWN: "A release was withdrawn: which; the reason stands with it.",
    AUDIT_KEY_MADE: "A key to seal the audit trail with was made: which, after which.",
    AUDIT_RESTORED: "A backup was restored that lacks seals: which were lost, and why.",
    AUDIT_SEARCHED: "Somebody searched the audit trail: what for, and how much was found.",
    AUDIT_EXPORTED: "The audit trail was exported, to be verified elsewhere: which seals.",
    EVIDENCE_MADE: "A pack of evidence was made: for what, with the digest of its contents.",
    BUDGET_GIVEN: "An asker got a budget of its own: how many people an hour and a day.",
    BUDGET_ENDED: "A budget of an asker's own was ended before its time: which.",
    ALARM_RAISED: "Questions looked like more than work: which rule, whose, the counts.",
    ALARM_LOOKED_AT: "Somebody looked at an alarm: which, and what came of it.",
    PERSON_PROTECTED: "A person was marked as protected: the protection, reason, until when.",
    PROTECTION_ENDED: "A person's protection was ended: which.",
    PROTECTED_OPENED: "A protected person's records were opened: the reason that was given.",
    VISIT_BEGUN: "A person is served at the help desk: proof, version of the text agreed to.",
    VISIT_NOT_BEGUN: "Nobody could be served: number and birth date lead to nobody, or to several.",
    VISIT_ENDED: "A visit ended: which, by the officer, the person or its time.",
    PERSON_SIGNED_IN: "A person signed in to see their own data: version of what they were told.",
    PERSON_NOT_SIGNED_IN: "A person's sign-in came to nothing: the reason, never of whom.",
    STATEMENT_GIVEN: "A person was given a statement: in which visit, form and language.",
    PERSON_ASKED: "A person asked for a correction or objected: which request, programme, field.",
    PERSON_ANSWERED: "A request of a person was answered: which, how, why.",
    PERSON_REQUEST_DONE: "A delivery carries what a person had asked for: which request.",
    RETENTION_RULE: "A rule of how long a class of data is kept was set: which, how many days.",
    RETENTION_RUN: "What was past its time was disposed of: how much of each class, how much held.",
    HOLD_PLACED: "A legal hold was placed: on a person, a programme or a class, until when.",
    HOLD_LIFTED: "A legal hold was lifted: which.",
    ERASURE_APPROVED: "The erasure of records was approved: how many, on what ground.",
    ERASURE_DONE: "Records were erased and their keys destroyed: counts of what went.",
    ERASURE_REPLAYED: "Erasures were carried out again after a restore: how many.",
    EXTRACT_APPROVED: "An extract for research was approved: columns, months, until when.",
    EXTRACT_MADE: "An extract for research was made: rows, rows left out, digest.",
    EXTRACT_TAKEN: "An extract for research was taken by whoever asked for it.",
    EXTRACT_EXPIRED: "An extract for research is gone: its time was over or it was taken.",
    PROCESSING_REVIEWED: "Somebody went through the record of processing: which digest it had.",
    PROCESSING_EXPORTED: "The record of processing was written out.",
}

# What is recorded even while sealing is late: who comes in to see what is wrong, looks at the trail
# itself, and mends it. None of these tells anything of a person or changes a right.
EVEN_LATE: Final = frozenset(
    {
        SIGNED_IN,
        SIGN_IN_REFUSED,
        SIGNED_OUT,
        OFFICER_PROVED,
        OFFICER_NOT_PROVED,
        AUDIT_KEY_MADE,
        AUDIT_RESTORED,
        AUDIT_SEARCHED,
        AUDIT_EXPORTED,
    }
)
