#include "face/postfix_connect.h"

#include <fmt/core.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <utility>

#include "action/atomic_file.h"
#include "action/run_command.h"
#include "config/listen_address.h"
#include "face/postfix_check.h"
#include "face/postfix_master.h"
#include "face/postfix_tables.h"
#include "face/postfix_text.h"

namespace leumund::face {
namespace {

using base::Error;
using base::ErrorCode;

constexpr std::size_t file_bytes_max = 256U << 10;

// One Postfix, reached through its own programs.
class Postfix {
 public:
  explicit Postfix(std::string folder) : folder_(std::move(folder)) {}

  // "PROGRAM -c FOLDER ARGUMENTS"; a status other than 0 is an error here.
  [[nodiscard]] base::Result<std::string> run(const std::string& name,
                                              const std::vector<std::string>& arguments) const {
    const auto file = postfix_program(name);
    if (!file) return file.error();
    action::Command command{.arguments = {*file, "-c", folder_}};
    command.arguments.insert(command.arguments.end(), arguments.begin(), arguments.end());
    command.output_bytes_max = 4U << 20;
    auto done = action::run_command(command);
    if (!done) return done.error();
    if (done->exit_status != 0) {
      std::string said = done->complaints.empty() ? done->output : done->complaints;
      while (said.ends_with('\n')) said.pop_back();
      const bool forbidden = said.find("ermission denied") != std::string::npos;
      return Error{forbidden ? ErrorCode::refused : ErrorCode::unavailable,
                   fmt::format("{} -c {}: {}{}", name, folder_, said,
                               forbidden ? " (run this as root)" : "")};
    }
    return std::move(done->output);
  }

  [[nodiscard]] base::Result<PostfixView> look() const {
    std::vector<std::string> defaults = {"-d"};
    for (std::string& parameter : planned_parameters()) defaults.push_back(std::move(parameter));
    const auto set = run("postconf", {"-n"});
    if (!set) return set.error();
    const auto unset = run("postconf", defaults);
    if (!unset) return unset.error();
    const auto overrides = run("postconf", {"-P"});
    if (!overrides) return overrides.error();
    const auto services = run("postconf", {"-F", "*/*/chroot", "*/*/command"});
    if (!services) return services.error();
    PostfixView view = parse_postconf({*set, *unset, *overrides, *services});
    const auto text = file("main.cf");
    if (!text) return text.error();
    // postconf does not tell a definition of ours that nothing refers to (any more).
    for (auto& [name, value] : main_definitions(*text)) {
      if (name.starts_with("leumund_")) view.main.try_emplace(name, std::move(value));
    }
    return view;
  }

  [[nodiscard]] base::Result<std::string> file(const char* name) const {
    auto content = action::read_file(folder_ + "/" + name, file_bytes_max);
    if (!content) return content.error();
    return std::move(content->bytes);
  }

  [[nodiscard]] base::Status change(const std::vector<PostfixChange>& changes) const {
    if (auto done = set_overrides(changes); !done) return done;
    for (const auto& command : postconf_commands(changes)) {
      if (command.front() == "-P") continue;  // done above
      if (auto done = run("postconf", command); !done) return done.error();
    }
    return check(changes);
  }

  // Whether it runs; if so and wanted, it is told to read its configuration anew.
  base::Status reload(bool wanted, PostfixReport& report) const {
    report.running = run("postfix", {"status"}).ok();
    if (!report.running || !wanted) return {};
    if (auto done = run("postfix", {"reload"}); !done) return done.error();
    report.reloaded = true;
    return {};
  }

  [[nodiscard]] const std::string& folder() const { return folder_; }

 private:
  // Edits the options concerned in master.cf; what does not stand there as it was seen is an error.
  [[nodiscard]] base::Status set_overrides(const std::vector<PostfixChange>& changes) const {
    std::optional<std::string> text;
    for (const PostfixChange& change : changes) {
      if (change.service.empty() || change.before == change.after) continue;
      if (!text) {
        auto now = file("master.cf");
        if (!now) return now.error();
        text = std::move(*now);
      }
      auto set = change.parameter.empty() ? set_entry(*text, change.service, change.after)
                                          : set_override(*text, change.service, change.parameter,
                                                         change.before, change.after);
      if (!set) {
        return Error{ErrorCode::unavailable,
                     fmt::format("{}/master.cf: {} of {} does not stand there as postconf -P tells "
                                 "it, or more than once; mend that and try again",
                                 folder_, change.parameter, change.service)};
      }
      text = std::move(*set);
    }
    if (!text) return {};
    auto written = action::write_file_atomically(folder_ + "/master.cf", *text, 0644);
    if (!written) return written.error();
    return {};
  }

  // Whether Postfix now reads what was meant.
  [[nodiscard]] base::Status check(const std::vector<PostfixChange>& changes) const {
    if (changes.empty()) return {};
    const auto view = look();
    if (!view) return view.error();
    for (const PostfixChange& change : changes) {
      if (current_value(*view, change.service, change.parameter) == change.after) continue;
      return Error{
          ErrorCode::internal,
          fmt::format("{}: {}{} was set, but Postfix reads it otherwise", folder_,
                      change.service.empty() ? "" : change.service + "/", change.parameter)};
    }
    return {};
  }

  std::string folder_;
};

base::Result<std::string> real_folder(const std::string& given) {
  std::error_code error;
  const auto folder = std::filesystem::canonical(given, error);
  if (error || !std::filesystem::exists(folder / "main.cf", error)) {
    return Error{ErrorCode::unavailable, fmt::format("{} holds no main.cf: name Postfix's "
                                                     "configuration folder by --config-dir",
                                                     given)};
  }
  return folder.string();
}

// The first address of TCP: a path means something else inside Postfix's chroot.
std::string tcp_service(const std::vector<std::string>& listen) {
  for (const std::string& text : listen) {
    const auto address = config::parse_listen_address(text);
    if (address && !address->is_unix()) return address->to_string();
  }
  return "";
}

base::Result<PostfixWish> wish_of(const config::Settings& settings) {
  PostfixWish wish{.policy_service = tcp_service(settings.start.policy_listen),
                   .milter_service = tcp_service(settings.start.milter_listen),
                   .files = config::postfix_files(settings.start),
                   .contact = settings.run.contact,
                   .egresses = {},
                   .socketmap = tcp_service({settings.start.detour_socketmap}),
                   .detours = settings.run.detour_mode != config::DetourMode::off};
  for (const std::string& text : settings.run.egresses) {
    if (auto egress = config::parse_egress(text)) wish.egresses.push_back(std::move(*egress));
  }
  if (wish.policy_service.empty()) {
    return Error{ErrorCode::malformed,
                 "policy.listen has no inet: address, which Postfix needs in its "
                 "chroot: add inet:127.0.0.1:10040"};
  }
  return wish;
}

std::vector<std::string> shown_commands(const std::string& folder,
                                        const std::vector<PostfixChange>& changes) {
  std::vector<std::string> shown;
  for (const auto& arguments : postconf_commands(changes)) {
    std::vector<std::string> command = {"postconf", "-c", folder};
    command.insert(command.end(), arguments.begin(), arguments.end());
    shown.push_back(shell_text(command));
  }
  for (const PostfixChange& change : changes) {
    if (!change.service.empty() && change.parameter.empty()) {
      shown.push_back(fmt::format("# {}/master.cf: {} {}", folder, change.after ? "add" : "remove",
                                  change.after.value_or(change.service)));
      continue;
    }
    if (change.service.empty() || !change.after || !has_white_space(*change.after)) continue;
    shown.push_back("# " + folder + "/master.cf: " +
                    shell_text({change.service, "-o",
                                fmt::format("{{ {} = {} }}", change.parameter, *change.after)}));
  }
  if (!changes.empty()) shown.push_back(shell_text({"postfix", "-c", folder, "reload"}));
  return shown;
}

// Takes back what was done so far, when a later step fails.
base::Status take_back(const Postfix& postfix, const std::vector<PostfixChange>& changes) {
  const auto view = postfix.look();
  if (!view) return view.error();
  std::vector<PostfixChange> back;
  for (PostfixChange change : changes) {
    if (current_value(*view, change.service, change.parameter) != change.after) continue;
    std::swap(change.before, change.after);
    back.push_back(std::move(change));
  }
  return postfix.change(back);
}

// The parameters of main.cf or the services of master.cf that changes concern.
std::vector<std::string> names_of(const std::vector<PostfixChange>& changes, PostfixFile file) {
  std::vector<std::string> names;
  for (const PostfixChange& change : changes) {
    const bool main = change.service.empty();
    if (main != (file == PostfixFile::main_cf)) continue;
    const std::string& name = main ? change.parameter : change.service;
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  return names;
}

// The file as it would be without us: what stands there the first time, later with our earlier
// change taken out. Nothing when somebody edited our part since.
std::optional<std::string> bytes_before(const std::optional<PostfixRecord>& old, PostfixFile file,
                                        const std::string& now) {
  if (!old) return now;
  const auto& copy = file == PostfixFile::main_cf ? old->main_cf : old->master_cf;
  if (!copy) return std::nullopt;
  auto undone = undo_text(file, now, *copy, names_of(old->changes, file));
  if (!undone || !undone->left.empty()) return std::nullopt;
  return std::move(undone->text);
}

base::Status carry_out(const Postfix& postfix, const PostfixPlan& plan,
                       const PostfixRecordPlace& place, const std::optional<PostfixRecord>& old) {
  const auto main_now = postfix.file("main.cf");
  const auto master_now = postfix.file("master.cf");
  PostfixRecord record{
      .folder = postfix.folder(), .changes = plan.record, .main_cf = {}, .master_cf = {}};
  if (auto kept = write_postfix_record(place, record); !kept) return kept;
  if (auto done = postfix.change(plan.changes); !done) {
    const auto back = take_back(postfix, plan.changes);
    Error error = done.error();
    error.message += back ? "; what was changed before has been taken back"
                          : "; taking back failed too: " + back.error().message +
                                "; try leumund disconnect postfix";
    return error;
  }
  // The copies come after: without them disconnect works too, by value instead of by byte, as
  // where the lines of before are those of another connect.
  const auto main_after = postfix.file("main.cf");
  const auto master_after = postfix.file("master.cf");
  if (main_now && main_after && !plan.replaces_earlier) {
    if (auto before = bytes_before(old, PostfixFile::main_cf, *main_now)) {
      record.main_cf = PostfixFileCopy{std::move(*before), *main_after};
    }
  }
  if (master_now && master_after && !plan.replaces_earlier) {
    if (auto before = bytes_before(old, PostfixFile::master_cf, *master_now)) {
      record.master_cf = PostfixFileCopy{std::move(*before), *master_after};
    }
  }
  return write_postfix_record(place, record);
}

// Gives back the very lines of before wherever nobody touched them since, and returns what has to
// be taken back by value. `bytes_restored` tells whether both files are as they were.
base::Result<std::vector<PostfixChange>> restore_lines(const Postfix& postfix,
                                                       const PostfixRecord& record,
                                                       std::vector<PostfixChange> changes,
                                                       bool& bytes_restored) {
  bytes_restored = true;
  // master.cf first: it names what main.cf defines.
  for (const auto file : {PostfixFile::master_cf, PostfixFile::main_cf}) {
    const bool main = file == PostfixFile::main_cf;
    const char* name = main ? "main.cf" : "master.cf";
    const auto& copy = main ? record.main_cf : record.master_cf;
    const auto now = postfix.file(name);
    if (!now) return now.error();
    const auto undone = copy ? undo_text(file, *now, *copy, names_of(changes, file)) : std::nullopt;
    if (!undone) {
      bytes_restored = false;
      continue;
    }
    bytes_restored = bytes_restored && undone->text == copy->before;
    if (undone->text != *now) {
      const auto written =
          action::write_file_atomically(postfix.folder() + "/" + name, undone->text, 0644);
      if (!written) return written.error();
    }
    std::erase_if(changes, [&](const PostfixChange& change) {
      const auto& key = change.service.empty() ? change.parameter : change.service;
      return change.service.empty() == main &&
             std::find(undone->left.begin(), undone->left.end(), key) == undone->left.end();
    });
  }
  return changes;
}

}  // namespace

base::Result<PostfixReport> connect_postfix(const PostfixOrder& order) {
  // First of all: the Postfix that the configuration names runs its own scripts as root.
  if (auto ours = check_config_owner(order.config_file); !ours) return ours.error();
  const auto folder = real_folder(order.folder);
  if (!folder) return folder.error();
  const auto wish = wish_of(order.settings);
  if (!wish) return wish.error();
  const PostfixRecordPlace place =
      postfix_record_place(order.config_file, order.settings.start.state_folder, *folder);
  const auto old = read_postfix_record(place);
  if (!old) return old.error();
  const Postfix postfix(*folder);
  const auto view = postfix.look();
  if (!view) return view.error();
  PostfixReport report{.folder = *folder, .plan = {}, .commands = {}, .files = {}};
  report.plan = plan_connect(*view, *wish, *old ? (*old)->changes : std::vector<PostfixChange>());
  report.commands = shown_commands(*folder, report.plan.changes);
  check_surroundings(*folder, place, order.settings, report.plan);
  if (!report.plan.problems.empty() && !order.dry_run) {
    std::string all;
    for (const std::string& problem : report.plan.problems) {
      all += (all.empty() ? "" : "; ") + problem;
    }
    return Error{ErrorCode::refused, fmt::format("{}: {}", *folder, all)};
  }
  auto files = make_missing_tables(*folder, order.settings, order.dry_run);
  if (!files) return files.error();
  report.files = std::move(*files);
  if (order.dry_run) {
    report.running = postfix.run("postfix", {"status"}).ok();
    return report;
  }
  if (!report.plan.changes.empty()) {
    if (auto done = carry_out(postfix, report.plan, place, *old); !done) return done.error();
    if (auto told = postfix.reload(order.reload, report); !told) return told.error();
  } else {
    report.running = postfix.run("postfix", {"status"}).ok();
  }
  return report;
}

base::Result<PostfixReport> disconnect_postfix(const PostfixOrder& order) {
  if (auto ours = check_config_owner(order.config_file); !ours) return ours.error();
  const auto folder = real_folder(order.folder);
  if (!folder) return folder.error();
  const PostfixRecordPlace place =
      postfix_record_place(order.config_file, order.settings.start.state_folder, *folder);
  const auto record = read_postfix_record(place);
  if (!record) return record.error();
  if (!*record) {
    return Error{ErrorCode::unavailable,
                 fmt::format("{} is not connected: there is no record {}", *folder, place.path)};
  }
  const Postfix postfix(*folder);
  const auto view = postfix.look();
  if (!view) return view.error();
  PostfixReport report{.folder = *folder, .plan = {}, .commands = {}, .files = {}};
  report.plan = plan_disconnect(*view, (*record)->changes);
  report.commands = shown_commands(*folder, report.plan.changes);
  if (order.dry_run) {
    report.running = postfix.run("postfix", {"status"}).ok();
    return report;
  }
  auto by_value = restore_lines(postfix, **record, report.plan.changes, report.bytes_restored);
  if (!by_value) return by_value.error();
  if (auto done = postfix.change(*by_value); !done) return done.error();
  if (auto gone = remove_postfix_record(place); !gone) return gone.error();
  if (auto told = postfix.reload(order.reload, report); !told) return told.error();
  return report;
}

}  // namespace leumund::face
