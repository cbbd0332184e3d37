// One observed fact about mail. Every intake makes these; nothing else enters the engine.
//
// The same message may be seen by policy requests, the log and the API. Its sightings are joined by
// `id` (policy: "policy/INSTANCE"; API: the caller's id; log: empty) and by QueueKey; the engine
// counts a recipient of a message once, whoever speaks first.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/ip_address.h"
#include "base/time.h"
#include "model/fingerprint.h"

namespace leumund::model {

using base::TimePoint;

// Queue ids are unique per Postfix instance only.
struct QueueKey {
  std::string host;      // syslog host name; "" is this host
  std::string instance;  // Postfix instance (syslog_name without service part); "" is "postfix"
  std::string queue_id;  // "" when not known yet

  [[nodiscard]] bool known() const { return !queue_id.empty(); }
  auto operator<=>(const QueueKey&) const = default;
};

enum class Source : std::uint8_t { api, policy, milter, log, report };

// How far a submission has come when it is seen.
enum class SubmissionStage : std::uint8_t {
  recipient,  // policy at RCPT: one recipient, more may follow; the answer concerns this recipient
  accepted,   // whole message: policy at end of data, API, milter, or the log's qmgr line
};

// What is known about a client address besides itself, looked up at the edge before the event
// enters the engine. All of it may be missing.
struct ClientFacts {
  std::optional<std::uint32_t> as_number;        // from the operator's database file
  std::string country;                           // two letters, upper case; "" unknown
  std::optional<std::pair<float, float>> place;  // degrees of latitude and longitude
  std::vector<std::string> listed;  // exploit and authentication lists that name the address

  bool operator==(const ClientFacts&) const = default;
};

struct Submission {
  std::string id;
  QueueKey queue;
  Source source = Source::api;
  SubmissionStage stage = SubmissionStage::accepted;
  std::string account;  // SASL name or certificate name; "" if none
  std::string script;   // "uid33" or "uid33:/path" for local submission; "" if none
  std::optional<base::IpAddress> client;
  ClientFacts client_facts = {};
  std::string helo;
  std::optional<std::string> envelope_sender;  // nothing: not known; "": the null reverse-path
  std::vector<std::string> recipients;         // as far as they are known
  std::uint32_t recipient_count = 0;           // >= recipients.size(); the log knows only this
  std::optional<std::uint64_t> size_bytes;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;                               // for fingerprints; never kept
  std::shared_ptr<const Fingerprint> print = {};  // made at the edge; nothing: no body was seen
  // Own text of the mail, only where the operator lets open campaigns show their template.
  std::string own_text = {};
  bool forwarded = false;
  // The subject that handed the mail in, where its headers name the script or forward rule behind
  // it: policy and log know only this one. "": whoever it counts for handed it in himself.
  std::string handed_in_by = {};
  // The message that this one goes on from, under a new queue id: a content filter gave it back, or
  // it was requeued or forwarded. It is the same mail: nothing of it is counted again, and `queue`
  // becomes one more name of that message for its deliveries and for holding.
  std::optional<QueueKey> continues;
};

enum class DeliveryStatus : std::uint8_t { sent, deferred, bounced, expired };
enum class DeliveryStage : std::uint8_t { unknown, connect, greeting, mail, rcpt, data, end };

struct Delivery {
  std::string id;
  QueueKey queue;
  Source source = Source::api;
  std::string recipient;  // as the sender wrote it
  std::string to = {};    // what an alias or forward made of it; "" the same
  std::string egress;     // address, or the transport's syslog_name
  std::string remote;     // "mx.example[192.0.2.9]"
  std::string provider;   // of the recipient, as the edge found by DNS; "" unknown
  std::string transport;  // "smtp", "lmtp", "local", "virtual", "pipe", "error"; "" unknown
  DeliveryStatus status = DeliveryStatus::sent;
  DeliveryStage stage = DeliveryStage::unknown;
  std::string reply;
};

struct Complaint {
  std::string id;  // of the message complained of; "" unknown
  std::string account;
  std::optional<base::IpAddress> source_ip;
  std::string reporter;
  std::string kind;
};

struct TrapHit {
  std::string id;
  std::string account;
  std::optional<base::IpAddress> source_ip;
  std::string trap;
};

// Login::service of what the server that checks passwords tells; whoever asked it tells it as well,
// as far as he knows the name. Nothing of this counts for an account.
inline constexpr std::string_view password_server = "auth";

struct Login {
  std::string account;
  std::optional<base::IpAddress> client;
  std::string service;
  bool ok = true;
  ClientFacts client_facts = {};
};

// A bulk mailing that is expected (`leumund announce`).
struct Announcement {
  std::string account;
  std::uint32_t recipients = 0;
  TimePoint until;
};

// The message left the queue, or was refused by somebody else before it was queued.
struct QueueRemoval {
  QueueKey queue;
};

// Takes back the terms that an earlier event put on a subject: a complaint withdrawn, a campaign
// found to be honest.
struct Retraction {
  std::string id;  // of the event taken back
  std::string account;
};

struct MailEvent {
  TimePoint occurred_at;
  TimePoint received_at;
  std::variant<Submission, Delivery, Complaint, TrapHit, Login, Announcement, QueueRemoval,
               Retraction>
      what;
};

}  // namespace leumund::model
