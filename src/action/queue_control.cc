#include "action/queue_control.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>
#include <utility>

#include "action/one_line.h"
#include "action/queue_id.h"
#include "action/run_command.h"
#include "net/descriptor.h"

namespace leumund::action {
namespace {

using base::Error;
using base::ErrorCode;
using model::QueueKey;

constexpr std::size_t addresses_max = 100;

std::string_view verb_word(QueueVerb verb) {
  switch (verb) {
    case QueueVerb::hold: return "hold";
    case QueueVerb::release: return "release";
    case QueueVerb::remove: return "delete";
    case QueueVerb::requeue: return "requeue";
  }
  return "hold";
}

bool is_socket(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

// What is told to a person of an answer that failed: its end.
std::string end_of(std::string_view answer) {
  constexpr std::size_t told_bytes_max = 300;
  answer.remove_prefix(answer.size() - std::min(answer.size(), told_bytes_max));
  return one_line(std::string(answer), told_bytes_max);
}

// The exit status in the last line of an answer by socket, which is cut off. Nothing: a helper of a
// version before, or one that was ended.
std::optional<int> take_status(std::string& answer) {
  constexpr std::string_view line = "\nleumund-queue: status ";
  const auto at = answer.rfind(line);
  if (at == std::string::npos || !answer.ends_with('\n')) return std::nullopt;
  const std::string_view number = std::string_view(answer).substr(at + line.size());
  int status = 0;
  const auto read = std::from_chars(number.data(), number.data() + number.size() - 1, status);
  if (read.ec != std::errc() || read.ptr != number.data() + number.size() - 1) return std::nullopt;
  answer.resize(at);
  return status;
}

Error failure_of(const std::string& helper, std::string_view verb, int status,
                 std::string_view words) {
  return {status == 3 ? ErrorCode::refused : ErrorCode::unavailable,
          fmt::format("{} {} failed with status {}: {}", helper, verb, status, end_of(words))};
}

// One request and its answer over the helper's socket.
base::Result<std::string> ask_socket(const std::string& path, const std::string& request,
                                     std::chrono::milliseconds patience, std::size_t bytes_max,
                                     const std::stop_token& stop) {
  constexpr std::chrono::milliseconds slice{200};
  const auto deadline = std::chrono::steady_clock::now() + patience;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof(address.sun_path)) {
    return Error{ErrorCode::too_large, fmt::format("the path {} is too long for a socket", path)};
  }
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  const net::Descriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  // A helper that neither accepts nor reads must not keep connect() and send() for ever.
  const timeval longest{
      .tv_sec = patience / std::chrono::seconds(1),
      .tv_usec = patience % std::chrono::seconds(1) / std::chrono::microseconds(1)};
  if (fd.open()) ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &longest, sizeof longest);
  if (!fd.open() ||
      ::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    return Error{ErrorCode::unavailable, fmt::format("the queue helper at {} is not there: {}",
                                                     path, std::strerror(errno))};
  }
  for (std::string_view rest = request; !rest.empty();) {
    const auto sent = ::send(fd.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) break;  // it has refused already; its words tell why
    rest.remove_prefix(static_cast<std::size_t>(sent));
    if (!rest.empty() && std::chrono::steady_clock::now() >= deadline) break;
  }
  ::shutdown(fd.get(), SHUT_WR);
  constexpr std::size_t end_bytes = 64;  // of a longer answer, for the status
  std::string answer;
  std::string end;
  std::array<char, 65536> buffer;
  while (true) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        deadline - std::chrono::steady_clock::now());
    pollfd wait{fd.get(), POLLIN, 0};
    const bool over = left.count() <= 0 || stop.stop_requested();
    if (!over && ::poll(&wait, 1, static_cast<int>(std::min(left, slice).count())) == 0) continue;
    if (over) {
      return Error{ErrorCode::timed_out,
                   fmt::format("the queue helper at {} did not answer", path)};
    }
    const auto got = ::read(fd.get(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return answer + end;
    const std::string_view more(buffer.data(), static_cast<std::size_t>(got));
    const auto room = std::min(bytes_max - std::min(bytes_max, answer.size()), more.size());
    answer += more.substr(0, room);
    end += more.substr(room);
    end.erase(0, end.size() - std::min(end.size(), end_bytes));
  }
}

}  // namespace

QueueControl::QueueControl(QueueControlOptions options) : options_(std::move(options)) {}

std::string QueueControl::folder_name(const model::QueueKey& key) const {
  const std::string* folder = folder_of(key);
  return folder == nullptr ? std::string() : *folder;
}

const std::string* QueueControl::folder_of(const QueueKey& key) const {
  if (!key.host.empty() && key.host != options_.host) return nullptr;
  auto it = options_.folders.find(key.instance);
  if (it == options_.folders.end() && (key.instance.empty() || key.instance == "postfix")) {
    it = options_.folders.find("");
  }
  // With one Postfix only, whatever it calls itself is that one.
  if (it == options_.folders.end() && options_.folders.size() == 1) it = options_.folders.begin();
  return it == options_.folders.end() ? nullptr : &it->second;
}

base::Result<std::string> QueueControl::ask(std::string_view verb, const std::string& folder,
                                            std::string_view ids) const {
  const bool other_folder = folder != "/etc/postfix";
  if (is_socket(options_.helper)) {
    const std::string line =
        std::string(verb) + (other_folder ? " " + folder : std::string()) + "\n";
    auto answer = ask_socket(options_.helper, line + std::string(ids), options_.patience,
                             options_.list_bytes_max, options_.stop);
    if (!answer.ok()) return answer;
    const auto status = take_status(*answer);
    if (!status) {
      return Error{ErrorCode::unavailable,
                   fmt::format("the queue helper at {} ended without a status: it is of another "
                               "version than leumundd, or was ended: {}",
                               options_.helper, end_of(*answer))};
    }
    if (*status != 0) return failure_of(options_.helper, verb, *status, *answer);
    return answer;
  }
  Command command{.arguments = {options_.helper, std::string(verb)},
                  .input = ids,
                  .patience = options_.patience,
                  .output_bytes_max = options_.list_bytes_max,
                  .stop = options_.stop};
  if (other_folder) {
    command.arguments.emplace_back("--config-dir");
    command.arguments.push_back(folder);
  }
  auto result = run_command(command);
  if (!result.ok()) return result.error();
  if (result->exit_status != 0) {
    return failure_of(options_.helper, verb, result->exit_status, result->complaints);
  }
  return result->output + result->complaints;
}

std::vector<std::string> ids_named_by_postsuper(std::string_view words) {
  std::vector<std::string> ids;
  while (!words.empty()) {
    const auto end = std::min(words.find('\n'), words.size());
    std::string_view line = words.substr(0, end);
    words.remove_prefix(std::min(end + 1, words.size()));
    constexpr std::string_view program = "postsuper: ";
    if (!line.starts_with(program)) continue;
    line.remove_prefix(program.size());
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos || !is_queue_id(line.substr(0, colon))) continue;
    const auto what = line.substr(colon + 2);
    if (what.starts_with("placed on hold") || what.starts_with("released from hold") ||
        what.starts_with("removed") || what.starts_with("requeued")) {
      ids.emplace_back(line.substr(0, colon));
    }
  }
  return ids;
}

void QueueControl::run_batch(std::string_view verb, const std::string& folder,
                             std::span<const QueueKey> keys, QueueResult& result) const {
  bool failed = false;
  std::map<std::string, QueueKey> waiting;
  for (const auto& key : keys) waiting.emplace(key.queue_id, key);
  for (int attempt = 0; attempt < options_.tries && !waiting.empty(); ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(options_.pause);
    std::string ids;
    for (const auto& [id, key] : waiting) ids += id + "\n";
    const auto answer = ask(verb, folder, ids);
    failed = !answer.ok();
    if (failed) {
      result.trouble = answer.error().message;
      // What it is not allowed to do it will not be allowed in a moment either.
      if (answer.error().code == ErrorCode::refused) break;
      result.timed_out = answer.error().code == ErrorCode::timed_out;
      if (result.timed_out) break;
      continue;
    }
    result.trouble.clear();
    for (const auto& id : ids_named_by_postsuper(*answer)) {
      const auto it = waiting.find(id);
      if (it == waiting.end()) continue;
      result.done.push_back(it->second);
      waiting.erase(it);
    }
  }
  if (failed) return;  // they may still be there
  for (auto& [id, key] : waiting) result.missing.push_back(std::move(key));
}

std::vector<QueueKey> left_of(const std::vector<QueueKey>& wanted, const QueueResult& result) {
  std::set<QueueKey> settled(result.done.begin(), result.done.end());
  settled.insert(result.missing.begin(), result.missing.end());
  std::vector<QueueKey> out;
  std::copy_if(wanted.begin(), wanted.end(), std::back_inserter(out),
               [&](const QueueKey& key) { return !settled.contains(key); });
  return out;
}

QueueResult QueueControl::run(QueueVerb verb, std::span<const QueueKey> keys) const {
  QueueResult result;
  if (!on()) {
    result.trouble = "no queue helper is configured (postfix.queue_helper)";
    return result;
  }
  std::map<std::string, std::vector<QueueKey>> by_folder;
  for (const auto& key : keys) {
    if (const auto* folder = folder_of(key)) {
      if (is_queue_id(key.queue_id))
        by_folder[*folder].push_back(key);
      else
        result.missing.push_back(key);
    } else {
      result.elsewhere.push_back(key);
    }
  }
  std::string trouble;
  for (const auto& [folder, all] : by_folder) {
    for (std::size_t at = 0; at < all.size() && !result.timed_out; at += options_.ids_per_run) {
      const auto count = std::min(options_.ids_per_run, all.size() - at);
      run_batch(verb_word(verb), folder, std::span(all).subspan(at, count), result);
      if (!result.trouble.empty()) trouble = result.trouble;
    }
  }
  result.trouble = std::move(trouble);
  return result;
}

QueueControl QueueControl::within(std::chrono::milliseconds patience, std::stop_token stop) const {
  QueueControlOptions options = options_;
  options.patience = std::min(options.patience, patience);
  options.stop = std::move(stop);
  return QueueControl(std::move(options));
}

QueueResult QueueControl::flush(std::span<const QueueKey> keys,
                                std::chrono::milliseconds budget) const {
  const auto began = std::chrono::steady_clock::now();
  QueueResult result;
  if (!on()) {
    result.missing.assign(keys.begin(), keys.end());
    result.trouble = "no queue helper is configured (postfix.queue_helper)";
    return result;
  }
  for (const QueueKey& key : keys) {
    if (std::chrono::steady_clock::now() - began >= budget) break;
    const auto* folder = folder_of(key);
    if (folder == nullptr || !is_queue_id(key.queue_id)) {
      result.elsewhere.push_back(key);
      continue;
    }
    const auto answer = ask("flush", *folder, key.queue_id + "\n");
    if (answer.ok()) {
      result.done.push_back(key);
      continue;
    }
    result.trouble = answer.error().message;
    result.timed_out = answer.error().code == ErrorCode::timed_out;
    if (result.timed_out) break;  // nor would it take the others
    result.missing.push_back(key);
    if (answer.error().code == ErrorCode::refused) break;  // it will not be allowed later either
  }
  return result;
}

base::Result<QueuedMessage> read_queue_line(std::string_view line) {
  try {
    const auto value = nlohmann::json::parse(line);
    QueuedMessage message;
    message.key.queue_id = value.at("queue_id");
    if (!is_queue_id(message.key.queue_id)) {
      return Error{ErrorCode::malformed, "a line of postqueue -j has a queue id that is none"};
    }
    message.queue = value.value("queue_name", "");
    message.sender = value.value("sender", "");
    message.size_bytes = value.value("message_size", std::uint64_t{0});
    if (const auto at = value.find("arrival_time"); at != value.end()) {
      message.arrived_at = base::TimePoint(std::chrono::seconds(at->get<std::int64_t>()));
    }
    if (const auto to = value.find("recipients"); to != value.end()) {
      message.recipients = static_cast<std::uint32_t>(to->size());
      for (const auto& one : *to) {
        if (message.addresses.size() == addresses_max) break;
        message.addresses.push_back(one.value("address", ""));
      }
    }
    return message;
  } catch (const nlohmann::json::exception& error) {
    return Error{ErrorCode::malformed,
                 fmt::format("a line of postqueue -j cannot be read: {}", error.what())};
  }
}

base::Result<std::vector<QueuedMessage>> QueueControl::list(bool* whole) const {
  if (!on()) return Error{ErrorCode::unavailable, "no queue helper is configured"};
  std::vector<QueuedMessage> all;
  if (whole != nullptr) *whole = true;
  for (const auto& [instance, folder] : options_.folders) {
    const auto answer = ask("list", folder, "");
    if (!answer.ok()) return answer.error();
    if (whole != nullptr && answer->size() >= options_.list_bytes_max) *whole = false;
    for (std::string_view rest = *answer; !rest.empty();) {
      const auto end = std::min(rest.find('\n'), rest.size());
      const auto line = rest.substr(0, end);
      rest.remove_prefix(std::min(end + 1, rest.size()));
      auto message = read_queue_line(line);
      if (!message.ok()) continue;  // a warning of postqueue, or a line cut at the limit
      message->key.instance = instance;
      all.push_back(std::move(*message));
    }
  }
  return all;
}

}  // namespace leumund::action
