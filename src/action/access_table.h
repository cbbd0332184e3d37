// The local tables by which Postfix itself stops suspended senders, also with the daemon dead.
//
// What they state is what must hold without us: levels no_sending, external_only and hold.
// `throttle` needs counting and stands in no table. An end that passes while the daemon is dead
// waits for its return.
//
// Flow:    standing restrictions -> compile() -> AccessTables::publish() -> Postfix.
// Time:    smtpd looks at a replaced table when it takes the next connection, not in an open
//          session; sendmail(1) reads the list of users at each call.
// Threads: one (`act`).
// Errors:  a table that cannot be written keeps its last content; the status names it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "config/postfix_files.h"
#include "model/restriction.h"

namespace leumund::action {

// Keys are in lower case, as Postfix looks them up.
struct AccessTableContent {
  std::map<std::string, std::string> accounts;  // SASL name -> class
  std::map<std::string, std::string> senders;   // envelope sender -> class
  std::map<std::string, std::string> users;     // login name -> "" (a plain list)
  std::map<std::string, std::string> helpdesk;
  std::map<std::string, std::string> own_domains;
  // Subjects that no table can express: throttled, a certificate, a script told apart by its path,
  // a client.
  std::uint64_t not_expressed = 0;
};

// The login name of a uid; nothing if it has none (Postfix then looks for "unknown").
using LoginNameOf = std::function<std::optional<std::string>(std::uint32_t uid)>;
[[nodiscard]] std::optional<std::string> system_login_name(std::uint32_t uid);

[[nodiscard]] AccessTableContent compile(std::span<const model::Restriction> restrictions,
                                         std::span<const std::string> helpdesk,
                                         std::span<const std::string> own_domains,
                                         const LoginNameOf& login_name_of);

class AccessTables {
 public:
  // Names of config::postfix_files(), "cdb:/folder/name" or "lmdb:/folder/name".
  [[nodiscard]] static base::Result<std::unique_ptr<AccessTables>> open(config::PostfixFiles files);

  // Writes what has changed, or is missing on disk. A failure of one table does not keep the others
  // from being written; the first error is returned.
  [[nodiscard]] base::Status publish(const AccessTableContent& content);

  // Makes those that are not there, empty: Postfix answers 451 to everybody without them. What an
  // earlier run left stays.
  [[nodiscard]] base::Status create_missing();
  // Whether somebody has deleted a table that publish() wrote.
  [[nodiscard]] bool any_missing() const;

  [[nodiscard]] std::uint64_t writes() const { return writes_; }

 private:
  explicit AccessTables(config::PostfixFiles files) : files_(std::move(files)) {}
  base::Status publish_table(const std::string& name, std::map<std::string, std::string> rows);

  config::PostfixFiles files_;
  std::map<std::string, std::map<std::string, std::string>> published_;  // by name
  std::uint64_t writes_ = 0;
};

}  // namespace leumund::action
