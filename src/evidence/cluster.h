// Mails of several accounts that are one text or advertise one thing.
//
// Limits:  64 members (the newest accounts), 16 sketches, 48 facets, 64 phrases (160 and 512
//          while it is a campaign), 32 recipients,
//          and the numbers of the newest messages; counts beyond are estimates (DistinctAccounts).
// Threads: plain values.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/time.h"
#include "evidence/distinct_accounts.h"
#include "model/fingerprint.h"

namespace leumund::evidence {

// A sketch with four bits a row: enough to estimate similarity with a standard error of .065.
class PackedSketch {
 public:
  PackedSketch() = default;
  explicit PackedSketch(const model::Fingerprint& print);
  [[nodiscard]] double similarity(const PackedSketch& other) const;

  std::array<std::uint64_t, 4> rows{};
  std::uint32_t messages = 1;  // of the cluster that are like it
  float odds = 0;              // see SharedPhrase
  bool any = false;
};

// Whom a mail goes to, as far as it tells what the mail is for.
struct Addressees {
  std::span<const std::uint32_t> all = {};  // those whom the account never wrote to before first
  std::size_t fresh = 0;                    // so many
  bool house_knows = false;                 // somebody here knows every one of them
};

// Whom one account wrote to in a mailing and nobody before it, new ones of its own first.
struct MemberRecipients {
  static constexpr std::size_t most = 3;
  std::array<std::uint32_t, most> hashes{};
  std::uint8_t kept = 0;
  std::uint8_t fresh_bits = 0;  // of `hashes`: new to the account as well
  bool more = false;            // of these, some that were not kept
  bool to_shared = false;       // others had written to one of its recipients before
};

// One account's part: its first message in the cluster speaks for it.
struct ClusterMember {
  std::uint64_t account = 0;  // hash in the ledger
  std::uint64_t message = 0;  // number in the message table
  std::uint32_t tenant = 0;
  float surprise = 0;  // -ln p of that message for its account
  base::TimePoint at;
  float odds = 0;  // ln of how much likelier it is from a hacked account; not recorded
  MemberRecipients wrote_to = {};
};

struct SharedRecipient {
  std::uint32_t hash = 0;
  std::uint32_t accounts = 0;  // whose first mail of the mailing went there
  bool known = false;          // to somebody here, before the mailing
};

// A run of words that some of its messages have.
struct SharedPhrase {
  std::uint32_t hash = 0;
  std::uint32_t messages = 0;
  // What the mails of known accounts say that have it, together; not recorded. A run of them in
  // character shows that it is not the campaign's: it leads nobody there any more.
  float odds = 0;
};

struct SharedFacet {
  model::FacetKind kind = model::FacetKind::none;
  std::uint64_t hash = 0;
  std::uint32_t messages = 0;  // that have it
  float odds = 0;              // see SharedPhrase
};

// How often something happens: a count that fades.
class Pace {
 public:
  explicit Pace(double hours) : hours_(hours) {}
  void add(base::TimePoint at);
  [[nodiscard]] double per_hour(base::TimePoint at) const;

 private:
  double hours_;
  double count_ = 0;
  base::TimePoint at_;
};

enum class ClusterState : std::uint8_t {
  watched,
  open,      // a campaign: its mail is held
  harmless,  // learned: a person released it, or it recurs without harm
};

struct Cluster {
  static constexpr std::size_t members_max = 64;
  static constexpr std::size_t sketches_max = 16;
  static constexpr std::size_t sketches_max_open = 48;
  static constexpr std::size_t facets_max = 48;
  static constexpr std::size_t subjects_max = 24;  // of them subjects and their parts
  static constexpr std::size_t facets_max_open = 160;
  static constexpr std::size_t subjects_max_open = 112;  // a dozen subjects, with all their parts
  static constexpr std::size_t phrases_max = 64;
  static constexpr std::size_t phrases_max_open = 512;
  static constexpr std::size_t recipients_max = 32;
  static constexpr std::size_t clients_max = 32;
  static constexpr std::size_t clients_max_open = 4096;
  static constexpr std::size_t messages_kept = 256;
  static constexpr std::size_t messages_kept_open = 20'000;

  std::uint64_t id = 0;  // never used twice; 0: the slot is free
  ClusterState state = ClusterState::watched;
  bool by_person = false;  // learned because somebody released it
  // It was open and ended by itself, and nobody has said yet what becomes of its mail. It is
  // watched as any other; quiet for a week it is compared with no more, and kept for whoever
  // decides: for 60 days, of the newest as many as may be open.
  bool undecided = false;
  base::TimePoint first_at;
  base::TimePoint last_at;
  base::TimePoint opened_at;
  std::vector<ClusterMember> members;  // the newest accounts, oldest first
  DistinctAccounts accounts;
  std::vector<PackedSketch> sketches;
  std::vector<std::uint64_t> bands;  // index keys of the sketches
  std::vector<SharedFacet> facets;
  std::vector<SharedPhrase> phrases;        // of an open campaign: of its newest messages
  std::vector<std::uint32_t> clients;       // addresses new to this house, sorted
  std::vector<SharedRecipient> recipients;  // the first different ones
  std::uint32_t recipients_all = 0;         // of all messages
  std::uint32_t messages = 0;
  std::uint32_t core = 0;         // messages out of character: they say what the cluster looks like
  std::uint32_t phrase_core = 0;  // messages that `phrases` counts: both are halved now and then
  std::uint32_t replies = 0;      // messages that answer one
  std::uint32_t automatic = 0;    // ... with Auto-Submitted
  std::uint32_t lists = 0;        // ... with list headers
  std::uint32_t scripts = 0;      // ... of scripts
  std::uint32_t from_outside = 0;  // arrivals from outside
  base::TimePoint outside_at;      // the first of them
  std::uint32_t days = 0;          // different days on which it was seen
  std::int64_t newest_day = 0;
  std::uint32_t day_accounts = 0;              // members that joined on the newest day
  std::uint32_t usual_accounts = 0;            // the most that joined on one day before
  std::vector<std::uint64_t> message_numbers;  // oldest first
  // Of an open campaign:
  double score = 0;
  base::TimePoint told_at;                   // the last time its mail prolonged its measure
  std::vector<std::uint64_t> known_members;  // hashes of flagged accounts, in order of joining
  std::vector<std::string> texts;            // for its template; only if the operator allows
  Pace pace{1};                              // of messages out of character
  Pace stranger_pace{0.25};                  // of messages of accounts nobody knows

  // What is only watched is not kept over a restart.
  [[nodiscard]] bool recorded() const { return state != ClusterState::watched || undecided; }
  [[nodiscard]] const ClusterMember* member(std::uint64_t account) const;
  [[nodiscard]] ClusterMember* member(std::uint64_t account);
  // To the nearest text that enough of its messages have.
  [[nodiscard]] double similarity(const PackedSketch& sketch) const;
  [[nodiscard]] std::size_t tenants() const;  // of the members
  // What its members' first mails say together: below 0 they are likelier honest people's.
  [[nodiscard]] double balance() const;
  [[nodiscard]] std::size_t bytes() const;
  // "7f3a09c2d1e4": the name of a campaign for people.
  [[nodiscard]] std::string name() const { return name_of(id); }
  [[nodiscard]] static std::string name_of(std::uint64_t id);

  void add_facets(const model::Fingerprint& print);
  void add_phrases(const model::Fingerprint& print);
  // Enough of its messages have it. A mailing may have a dozen subjects; links stand for it only
  // where many mails have them, since some come from what it is padded with.
  [[nodiscard]] bool has_facet(model::FacetKind kind, std::uint64_t hash) const;
  // Enough of its messages have it: a sentence that one mail was padded with is none.
  [[nodiscard]] bool has_phrase(std::uint32_t hash) const;
  bool add_sketch(const PackedSketch& sketch);
  // A mail of a known account joined: what it shares is more the campaign's by `odds`, or less.
  void weigh_pieces(const model::Fingerprint& print, const PackedSketch& sketch, float mail_odds);
  void add_client(std::uint32_t client);
  [[nodiscard]] bool has_client(std::uint32_t client) const;
  // Whether the recipients account for the mail's being like the others: they write to one list,
  // or to one person.
  [[nodiscard]] bool explains(const Addressees& to) const;
  // Further mail than the first of one account may not crowd out whom the others write to.
  void add_recipients(const Addressees& to, MemberRecipients& of, bool first);
  // How many recipients many members chose, but not most of them: a committee on every mail is one.
  [[nodiscard]] std::size_t chosen_by_some() const;
  // How many members wrote to these and beside them to nobody new to them: that is what their mail
  // is for.
  [[nodiscard]] std::size_t members_to_chosen() const;
  void add_message(std::uint64_t number);
  void see_day(base::TimePoint at);
  // Takes over what another cluster says of itself, but not its members.
  void absorb(const Cluster& other);

 private:
  [[nodiscard]] const SharedRecipient* find_recipient(std::uint32_t hash) const;
  [[nodiscard]] bool is_chosen(std::uint32_t hash) const;
  void absorb_recipients(const Cluster& other);
};

// Which facets tell mailings apart and how much one may count, in natural-log units.
[[nodiscard]] double facet_weight_max(model::FacetKind kind);
[[nodiscard]] std::uint64_t phrase_key(std::uint32_t hash);
[[nodiscard]] std::uint64_t client_key(std::uint32_t client);
[[nodiscard]] std::uint64_t facet_key(model::FacetKind kind, std::uint64_t hash);

}  // namespace leumund::evidence
