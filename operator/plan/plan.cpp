#include "plan/plan.hpp"

#include <algorithm>
#include <fmt/format.h>

#include "plan/accounts.hpp"
#include "plan/names.hpp"
#include "plan/text_list.hpp"

namespace icrps::plan {
namespace {

/// The copies part of a plan, and what it means for the service accounts.
struct Copies {
  std::vector<Action> writes;   // before the accounts
  std::vector<Action> deletes;  // after the accounts
  SecretNames names;
  Mark mark;  // of what is written
};

bool has_own_copy(const CredentialFacts& credential) {
  return credential.copy && credential.copy->ours;
}

bool up_to_date(const CopyFacts& copy, const std::string& credential, const Content& content,
                const Mark& mark) {
  // Of contents that are not at hand the copy's own word is taken.
  const auto& hash = content.hash.empty() ? copy.hash_annotation : content.hash;
  return copy.content_hash == hash && copy.hash_annotation == hash &&
         copy.revision == content.revision &&
         copy.hosts == std::string_view(content.hosts).substr(0, kLongestHosts) &&
         copy.expires_at == content.expires_at && copy.credential_label == credential &&
         copy.extra_keys.empty() && copy.mark == digest_of(mark);
}

/// Its data are neither what they should be nor what its annotation tells of, which was written
/// with them.
bool was_changed(const CopyFacts& copy, const Content& content) {
  return copy.content_hash != copy.hash_annotation && copy.content_hash != content.hash;
}

void note(Plan& plan, State state, Problem problem) {
  // The enumerators after kPending are in the order of how much they hide.
  plan.state = std::max(plan.state, state);
  plan.problems.push_back(std::move(problem));
}

void note_other_installation(Plan& plan, const std::string& secret, const CopyFacts& copy) {
  note(
      plan, State::kConflict,
      {std::string(kInstallationConflict),
       fmt::format(
           "Secret {} belongs to another installation of icr-pull-secrets, the one in namespace "
           "\"{}\" (annotation {}); it is left alone and not attached. Give the credentials of the "
           "two installations different names, or have this one take its Secrets over with "
           "conflict: adopt.",
           secret, copy.other_installation, kInstallation)});
}

void note_copy_of_copy(Plan& plan, const std::string& secret, const CopyFacts& copy) {
  note(plan, State::kConflict,
       {std::string(kSecretConflict),
        fmt::format(
            "Secret {} is a copy of the one that icr-pull-secrets made for namespace \"{}\" "
            "(annotation {}), so it is somebody else's here; it is left alone and not attached. "
            "Delete it to get a managed one, and let whatever copies Secrets leave it out.",
            secret, copy.other_namespace, kMadeFor)});
}

void note_conflict(Plan& plan, const std::string& secret, const CopyFacts& copy) {
  if (!copy.other_installation.empty()) return note_other_installation(plan, secret, copy);
  if (!copy.other_namespace.empty()) return note_copy_of_copy(plan, secret, copy);
  note(plan, State::kConflict,
       {std::string(kSecretConflict),
        fmt::format("Secret {} exists and is not managed by icr-pull-secrets (no label {}={}); it "
                    "is left alone and not attached. Delete or rename it to get a managed one.",
                    secret, kManagedByLabel, kManagedBy)});
}

void note_not_adopted(Plan& plan, const std::string& secret, std::string_view why) {
  note(plan, State::kConflict,
       {std::string(kSecretConflict),
        fmt::format("Secret {} exists, is not managed by this installation of icr-pull-secrets and "
                    "is not adopted, because {}; it is left alone and not attached. Delete or "
                    "rename it to get a managed one.",
                    secret, why)});
}

void note_source(Plan& plan, const std::string& secret) {
  note(plan, State::kConflict,
       {std::string(kSecretConflict),
        fmt::format("Secret {} is what a credential of the operator's configuration comes from; it "
                    "is left alone and not attached. Give the source or the credential another "
                    "name to get a managed one.",
                    secret)});
}

void note_no_credential(Plan& plan, const CredentialFacts& credential) {
  note(plan, State::kNoCredential,
       {std::string(kCredentialUnavailable),
        fmt::format("credential \"{}\" has no usable value yet, so Secret {} can't be written; see "
                    "the Events of its source Secret in the operator's namespace.",
                    credential.name, credential.secret),
        true});
}

void note_not_allowed(Plan& plan, const CredentialFacts& credential) {
  note(
      plan, State::kNotAllowed,
      {std::string(kCredentialNotAllowed),
       fmt::format("this namespace may not use credential \"{}\", so it gets no Secret {}, and one "
                   "that was there is removed. Ask whoever runs icr-pull-secrets for it, or ask "
                   "for other credentials in annotation {}; those are served as ever.",
                   credential.name, credential.secret, kCredentials)});
}

/// What a credential is for, in the words of the annotation where there are such.
std::string places_of(const icr::Hosts& hosts, const icr::RegionTable& regions) {
  std::vector<std::string> places;
  for (const auto& [id, region] : regions.regions()) {
    if (hosts.contains(region.host)) places.push_back(id);
  }
  if (places.empty()) places.assign(hosts.begin(), hosts.end());
  return places.empty() ? "no region at all" : join(places, ", ");
}

void note_not_for_regions(Plan& plan, const CredentialFacts& credential, const Wish& wish,
                          const Rules& rules) {
  const auto& limits = limits_of(credential);
  const std::string asked = wish.by_default ? fmt::format("that {} names", kDefaultRegions)
                                            : "that this namespace asks for";
  note(plan, State::kNotAllowed,
       {std::string(kCredentialNotForRegions),
        fmt::format("credential \"{}\" is for none of the regions {}, so this namespace gets no "
                    "Secret {}, and one that was there is removed. It is for {}: ask for some of "
                    "these in annotation {}, or for another credential in annotation {}.",
                    credential.name, asked, credential.secret,
                    places_of(limits.hosts.value_or(icr::Hosts{}), rules.regions), kRegions,
                    kCredentials)});
}

/// How a credential stands in the end: with the copy as it is, or with another revision.
void report(Plan& plan, const CredentialFacts& credential, Standing standing,
            const std::string* revision = nullptr) {
  CopyReport report{credential.name, standing, {}, {}, credential.secret};
  if (has_own_copy(credential)) report.before = credential.copy->revision;
  report.revision = revision != nullptr ? *revision : report.before;
  plan.copies.push_back(std::move(report));
}

/// Our copy, if there is one, is detached and deleted.
void plan_removal(Copies& copies, const CredentialFacts& credential) {
  if (!has_own_copy(credential)) return;
  const auto& copy = *credential.copy;
  copies.names.detach.insert(credential.secret);
  if (!copy.terminating) {
    copies.deletes.emplace_back(DeleteCopy{credential.name, copy.uid, copy.resource_version,
                                           std::nullopt, credential.secret,
                                           copies.names.successor_of(credential.secret)});
  }
}

/// As above, and so is a reference to a copy that is gone already. An entry that names a Secret of
/// somebody else stays.
void plan_retired(Copies& copies, const CredentialFacts& credential) {
  if (!credential.copy) copies.names.detach.insert(credential.secret);
  plan_removal(copies, credential);
}

/// The namespace asks for the credential, but a limit forbids it.
void plan_limited(Plan& plan, Copies& copies, const CredentialFacts& credential,
                  Standing standing) {
  static const std::string none;
  report(plan, credential, standing, &none);
  plan_removal(copies, credential);
}

/// The hosts that the copy must be for; nothing: a mistake hides them, and there is no copy that
/// tells. With a mistake in the annotations the hosts stay those that the copy was made for, but a
/// rotated key and a tighter limit still reach them.
std::optional<icr::Hosts> hosts_for(const CredentialFacts& credential, const Wish& wish,
                                    const Rules& rules) {
  const auto& limits = limits_of(credential);
  if (wish.hosts) return served_hosts(limits, *wish.hosts);
  if (!has_own_copy(credential)) return std::nullopt;
  const auto made_for = hosts_from_text(credential.copy->hosts, rules.known_hosts);
  if (made_for.empty() && limits.fixed_hosts.empty()) return std::nullopt;
  return served_hosts(limits, made_for);
}

/// A copy that an update can't mend, or nothing. The words for people.
std::string beyond_repair(const CopyFacts& copy) {
  if (!copy.right_type) return fmt::format("its type is not {}", kSecretType);
  if (copy.more_keys) return fmt::format("it has more than {} keys of others", kMostExtraKeys);
  return copy.immutable ? "it is immutable" : "";
}

Problem replaced_note(const CredentialFacts& credential) {
  return {std::string(kSecretReplaced),
          fmt::format("Secret {} with UID {} can't be kept up to date, because {}; it is deleted "
                      "and written anew. Pods that run are not affected.",
                      credential.secret, credential.copy->uid, beyond_repair(*credential.copy)),
          false, true};
}

/// The Secret that is there gets this content.
UpdateCopy update_of(const Copies& copies, const CredentialFacts& credential,
                     std::shared_ptr<const Content> content) {
  const auto& copy = *credential.copy;
  return {.credential = credential.name,
          .uid = copy.uid,
          .resource_version = copy.resource_version,
          .content = std::move(content),
          .extra_keys = copy.extra_keys,
          .had_expiry = !copy.expires_at.empty(),
          .mark = copies.mark,
          .secret = credential.secret};
}

/// The copy exists, is ours, and is wanted.
void plan_own_copy(Plan& plan, Copies& copies, const CredentialFacts& credential,
                   const std::optional<icr::Hosts>& hosts) {
  const auto& copy = *credential.copy;
  copies.names.attach.insert(credential.secret);
  // Without a value or with a mistake the last good one stays.
  if (!credential.material) return report(plan, credential, Standing::kNoCredential);
  if (!hosts) return report(plan, credential, Standing::kMistake);
  auto content = credential.material->content(*hosts, limits_of(credential));
  report(plan, credential, Standing::kInPlace, &content->revision);
  if (!beyond_repair(copy).empty()) {
    copies.writes.emplace_back(DeleteCopy{credential.name, copy.uid, copy.resource_version,
                                          replaced_note(credential), credential.secret});
    copies.writes.emplace_back(
        CreateCopy{credential.name, std::move(content), copies.mark, credential.secret});
  } else if (!up_to_date(copy, credential.name, *content, copies.mark)) {
    auto update = update_of(copies, credential, std::move(content));
    update.repairs = was_changed(copy, *update.content);
    copies.writes.emplace_back(std::move(update));
  }
}

void plan_new_copy(Plan& plan, Copies& copies, const CredentialFacts& credential,
                   const icr::Hosts& hosts) {
  if (!credential.material) {
    note_no_credential(plan, credential);
    return report(plan, credential, Standing::kNoCredential);
  }
  auto content = credential.material->content(hosts, limits_of(credential));
  report(plan, credential, Standing::kInPlace, &content->revision);
  copies.writes.emplace_back(
      CreateCopy{credential.name, std::move(content), copies.mark, credential.secret});
  copies.names.attach.insert(credential.secret);
}

/// Why a Secret of somebody else's is not adopted though the configuration says so; empty: it is.
std::string not_adopted_because(const CopyFacts& copy) {
  if (auto why = beyond_repair(copy); !why.empty()) return why;
  if (!copy.adopted) return {};
  // Two that write it in turns for ever would help nobody.
  if (!copy.other_installation.empty()) {
    return fmt::format(
        "the installation in namespace \"{}\" adopted it from this one; without annotation {} it "
        "is adopted again",
        copy.other_installation, kAdoptedAt);
  }
  return fmt::format(
      "it was adopted before and taken back; without annotation {} it is adopted "
      "again",
      kAdoptedAt);
}

/// Somebody else's Secret has the name of the copy.
void plan_foreign(Plan& plan, Copies& copies, const CredentialFacts& credential,
                  const std::optional<icr::Hosts>& hosts, const Rules& rules) {
  const auto& copy = *credential.copy;
  const bool adopt = rules.conflict == Conflict::kAdopt;
  const auto why_not = adopt ? not_adopted_because(copy) : std::string();
  if (!adopt) {
    note_conflict(plan, credential.secret, copy);
    return report(plan, credential, Standing::kConflict);
  }
  if (!why_not.empty()) {
    note_not_adopted(plan, credential.secret, why_not);
    return report(plan, credential, Standing::kConflict);
  }
  if (copy.terminating) return report(plan, credential, Standing::kPending);
  if (!hosts) return report(plan, credential, Standing::kMistake);
  if (!credential.material) {
    note_no_credential(plan, credential);
    return report(plan, credential, Standing::kNoCredential);
  }
  auto content = credential.material->content(*hosts, limits_of(credential));
  report(plan, credential, Standing::kInPlace, &content->revision);
  auto update = update_of(copies, credential, std::move(content));
  update.adopts = true;
  update.managed_by = copy.managed_by;
  update.other_installation = copy.other_installation;
  copies.writes.emplace_back(std::move(update));
  copies.names.attach.insert(credential.secret);
}

void plan_wanted_copy(Plan& plan, Copies& copies, const CredentialFacts& credential,
                      const std::optional<icr::Hosts>& hosts, const Rules& rules) {
  const auto& copy = credential.copy;
  if (copy && !copy->ours) {
    plan_foreign(plan, copies, credential, hosts, rules);
  } else if (copy && !copy->terminating) {
    plan_own_copy(plan, copies, credential, hosts);
  } else if (copy) {
    // The event of its end brings us back. Until then nobody waits for it with a roll-out: whoever
    // may put a finalizer on it could keep an old key alive for ever.
    static const std::string none;
    report(plan, credential, Standing::kTerminating, &none);
  } else if (!hosts) {
    report(plan, credential, Standing::kMistake);  // and nothing that it could break
  } else {
    plan_new_copy(plan, copies, credential, *hosts);
  }
}

/// The credential's name for copies is that of a Secret which another one comes from. Whatever
/// labels that has, it is nobody's copy.
bool is_source(const CredentialFacts& credential, const NamespaceFacts& ns, const Rules& rules) {
  return ns.name == rules.own_namespace && rules.sources.contains(credential.secret);
}

/// Whether there is a copy of the credential, under the name that it has or one that it had.
bool has_any_copy(const CredentialFacts& credential, const Facts& facts, const Rules& rules) {
  return std::any_of(facts.credentials.begin(), facts.credentials.end(), [&](const auto& one) {
    return one.name == credential.name && has_own_copy(one) && !is_source(one, facts.ns, rules);
  });
}

void plan_copy(Plan& plan, Copies& copies, const CredentialFacts& credential, const Facts& facts,
               const Wish& wish, const Rules& rules) {
  const auto& ns = facts.ns;
  const bool source = is_source(credential, ns, rules);
  if (!credential.known) {
    if (asks_for(wish, credential.name, false)) report(plan, credential, Standing::kPending);
    return;
  }
  if (!asks_for(wish, credential.name, has_any_copy(credential, facts, rules))) {
    if (!source) plan_removal(copies, credential);
    return;
  }
  if (source) {
    note_source(plan, credential.secret);
    return plan.copies.push_back({credential.name, Standing::kConflict, {}, {}, credential.secret});
  }
  if (!may_use(limits_of(credential), ns.name, ns.labels)) {
    if (nobody_asked(wish, ns)) return plan_removal(copies, credential);
    note_not_allowed(plan, credential);
    return plan_limited(plan, copies, credential, Standing::kNotAllowed);
  }
  const auto hosts = hosts_for(credential, wish, rules);
  if (hosts && hosts->empty()) {
    note_not_for_regions(plan, credential, wish, rules);
    return plan_limited(plan, copies, credential, Standing::kNotForRegions);
  }
  if (wish.hosts && wish.credentials) plan.hosts.emplace_back(credential.name, *hosts);
  plan_wanted_copy(plan, copies, credential, hosts, rules);
}

/// The new copy can't be written: the old one goes on in its place, and is kept up to date.
void plan_stand_in(Copies& copies, CopyReport& report, const CredentialFacts& former,
                   const CredentialFacts& credential, const Wish& wish, const Rules& rules) {
  if (former.copy->terminating) return;
  auto stand_in = credential;
  stand_in.secret = former.secret;
  stand_in.copy = former.copy;
  Plan aside;
  plan_own_copy(aside, copies, stand_in, hosts_for(stand_in, wish, rules));
  const auto standing = report.standing;
  report = std::move(aside.copies.front());
  report.standing = standing;
}

/// What a credential is called no longer, because it is retired or has another name now. In a move
/// the new copy comes first, one patch changes the references, and then the old copy goes.
void plan_former(Plan& plan, Copies& copies, const CredentialFacts& former, const Facts& facts,
                 const Wish& wish, const Rules& rules) {
  if (!former.known || is_source(former, facts.ns, rules)) return;
  const auto credential =
      std::find_if(facts.credentials.begin(), facts.credentials.end(),
                   [&](const auto& one) { return one.name == former.name && !one.retired; });
  const auto report = std::find_if(plan.copies.begin(), plan.copies.end(),
                                   [&](const auto& one) { return one.credential == former.name; });
  const bool moves = credential != facts.credentials.end() && report != plan.copies.end() &&
                     report->standing != Standing::kNotAllowed &&
                     report->standing != Standing::kNotForRegions;
  if (!moves) return plan_retired(copies, former);
  if (copies.names.attach.contains(credential->secret)) {
    copies.names.successors[former.secret] = credential->secret;
    return plan_retired(copies, former);
  }
  if (!has_own_copy(former)) return plan_retired(copies, former);
  plan_stand_in(copies, *report, former, *credential, wish, rules);
}

Copies plan_copies(Plan& plan, const Facts& facts, const Wish& wish, const Rules& rules) {
  Copies copies;
  copies.mark = mark_of({rules.own_namespace, facts.own_uid}, {facts.ns.name, facts.ns.uid});
  for (const auto& credential : facts.credentials) {
    if (!credential.retired) plan_copy(plan, copies, credential, facts, wish, rules);
  }
  for (const auto& former : facts.credentials) {
    if (former.retired) plan_former(plan, copies, former, facts, wish, rules);
  }
  for (const auto& credential : facts.credentials) {
    const bool there = credential.copy || copies.names.attach.contains(credential.secret);
    if (credential.known && !there && !is_source(credential, facts.ns, rules)) {
      copies.names.absent.insert(credential.secret);
    }
  }
  return copies;
}

}  // namespace

std::string_view to_string(State state) {
  switch (state) {
    case State::kNotOptedIn:
      return "not_opted_in";
    case State::kReady:
      return "ready";
    case State::kPending:
      return "pending";
    case State::kMistake:
      return "mistake";
    case State::kNotAllowed:
      return "not_allowed";
    case State::kConflict:
      return "conflict";
    case State::kNoCredential:
      return "no_credential";
    case State::kForbidden:
      return "forbidden";
    case State::kTerminating:
      return "terminating";
  }
  return "unknown";
}

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::kInPlace:
      return "in_place";
    case Standing::kPending:
      return "pending";
    case Standing::kTerminating:
      return "terminating";
    case Standing::kMistake:
      return "mistake";
    case Standing::kNotAllowed:
      return "not_allowed";
    case Standing::kNotForRegions:
      return "not_for_regions";
    case Standing::kConflict:
      return "conflict";
    case Standing::kNoCredential:
      return "no_credential";
    case Standing::kForbidden:
      return "forbidden";
  }
  return "unknown";
}

const Limits& limits_of(const CredentialFacts& credential) {
  static const Limits no_limits;
  return credential.limits ? *credential.limits : no_limits;
}

Wish wish_of(const Facts& facts, const Rules& rules) {
  std::vector<std::string> known;
  for (const auto& credential : facts.credentials) {
    if (!credential.retired) known.push_back(credential.name);
  }
  return read_wish(facts.ns, rules.defaults, rules.regions, known);
}

Plan make_plan(const Facts& facts, const Rules& rules) {
  Plan plan;
  if (facts.ns.terminating) {
    plan.state = State::kTerminating;  // nothing can be created there, and all of it goes anyway
    return plan;
  }
  Wish wish = wish_of(facts, rules);

  plan.takes_part = wish.opted_in;
  if (wish.opted_in) plan.state = wish.problems.empty() ? State::kReady : State::kMistake;
  plan.problems = std::move(wish.problems);
  for (auto& slip : unknown_annotations(facts.ns)) plan.problems.push_back(std::move(slip));
  Copies copies = plan_copies(plan, facts, wish, rules);
  plan.actions = std::move(copies.writes);
  if (facts.accounts_known) {
    plan_accounts(plan, facts, wish, copies.names, rules.attach);
    std::move(copies.deletes.begin(), copies.deletes.end(), std::back_inserter(plan.actions));
  }
  if (plan.state == State::kReady && plan.copies.empty() && nobody_asked(wish, facts.ns)) {
    plan.state = State::kNotOptedIn;  // it may have nothing of what the configuration gives to all
  }
  const bool known =
      facts.accounts_known && std::all_of(facts.credentials.begin(), facts.credentials.end(),
                                          [](const auto& credential) { return credential.known; });
  if (plan.state == State::kReady && (!plan.actions.empty() || !known)) {
    plan.state = State::kPending;
  }
  return plan;
}

}  // namespace icrps::plan
