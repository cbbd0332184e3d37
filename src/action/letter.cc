#include "action/letter.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "action/case_book.h"
#include "action/desk_addresses.h"
#include "action/notice_text.h"
#include "action/one_line.h"
#include "action/sentences.h"
#include "model/page_about.h"

namespace leumund::action {
namespace {

using config::Language;
using model::CaseOutcome;
using model::CaseStep;

constexpr std::size_t mail_columns = 72;
constexpr std::size_t causes_named_max = 5;
constexpr std::size_t note_bytes_max = 500;

std::string page_for(const std::string& url, const LetterInput& input) {
  return model::page_about(url, first_place(input));
}

// The first page that an answer names.
std::string page_in(std::string_view words) {
  constexpr std::string_view ends = " \t\"'<>()[],;";
  while (!words.empty()) {
    const auto end = std::min(words.find_first_of(ends), words.size());
    std::string_view word = words.substr(0, end);
    words.remove_prefix(std::min(end + 1, words.size()));
    while (word.ends_with('.') || word.ends_with(':')) word.remove_suffix(1);
    if (word.starts_with("https://") || word.starts_with("http://")) return std::string(word);
  }
  return "";
}

// The first desk: never an address that may be a sender's or a recipient's.
std::string desk_in(std::string_view words, const model::Contact& contact, bool of_list) {
  std::string found;
  static_cast<void>(
      shown_addresses(words, [&](std::string_view local_part, std::string_view domain) {
        const bool desk = of_list || is_desk_of(contact, local_part, domain) ||
                          is_desk_name(local_part) || is_help_name(local_part);
        if (found.empty() && desk && domain.contains('.')) {
          found.append(local_part).append("@").append(domain);
        }
        return ShownAddress::whole;
      }));
  return found;
}

class Writer {
 public:
  Writer(const LetterInput& input, Language letter, Language people)
      : input_(input), contact_(input.contact), people_(people) {
    out_.step = input.step;
    out_.party = input.who().id;
    out_.title = one_line(contact_.name.empty() ? input.who().title : contact_.name, 200);
    out_.language = letter;
  }

  Letter write() {
    if (pointless()) return std::move(out_);
    const bool contained = check_cause();
    check_requests();
    find_door();
    fill();
    note_rest();
    const bool reached = out_.way == LetterWay::form || !out_.to.empty();
    out_.ready = contained && (reached || input_.step == CaseStep::given_up);
    return std::move(out_);
  }

 private:
  void advise(Advice advice, std::string_view a = {}, std::string_view b = {}) {
    out_.advice.push_back(advice_words(advice, people_, a, b));
  }
  // Why it is not ready; stands before all that is only good to know.
  void hinder(Advice advice, std::string_view a = {}, std::string_view b = {}) {
    const auto at = out_.advice.begin() + static_cast<std::ptrdiff_t>(hindrances_++);
    out_.advice.insert(at, advice_words(advice, people_, a, b));
  }

  bool asks_them() const {
    return input_.step != CaseStep::given_up && input_.step != CaseStep::upstream;
  }

  // Nobody is asked: it is over, costs money, or ends by itself.
  bool pointless() {
    if (input_.who().until) {
      advise(Advice::ended, out_.title);
      return true;
    }
    if ((contact_.predatory || input_.who().predatory) && asks_them()) {
      advise(Advice::predatory, out_.title);
      return true;
    }
    const bool by_itself = contact_.method == "auto-expiry" || contact_.method == "none" ||
                           (input_.who().mender == "time" && !contact_.own);
    if (!by_itself || !asks_them()) return false;
    if (contact_.ends_after_hours > 0) {
      advise(Advice::by_itself_hours, out_.title, std::to_string(contact_.ends_after_hours));
    } else {
      advise(Advice::by_itself, out_.title);
    }
    note_contact();
    return true;
  }

  // Whether all that is known to have sent is stopped. What is not, is said first.
  bool check_cause() {
    bool contained = true;
    std::string names;
    std::size_t named = 0;
    if (!input_.suspect.empty()) {
      hinder(Advice::suspect, input_.suspect, shell_argument(input_.suspect));
      contained = false;
    }
    if (!input_.setup.empty()) {
      hinder(Advice::setup, one_line(translated_list(people_, input_.setup), note_bytes_max));
      contained = false;
    }
    if (!input_.sends_past.empty()) {
      hinder(Advice::sends_past, one_line(input_.sends_past, note_bytes_max));
      contained = false;
    }
    for (const StoppedSender& one : input_.stopped) {
      const std::string name = one.cause.subject.to_string();
      if (one.throttled && !one.cause.free_at) {
        hinder(Advice::throttled, name, shell_argument(name));
        contained = false;
      }
      if (one.throttled) continue;
      if (one.unchecked) advise(Advice::unchecked, name);
      if (named++ < causes_named_max) names += (names.empty() ? "" : ", ") + name;
    }
    if (input_.policy) advise(Advice::policy);
    if (input_.unsent || input_.step == CaseStep::given_up) return contained;
    const std::string number = std::to_string(input_.one.number);
    if (named == 0) {
      if (!input_.policy) hinder(Advice::no_cause, number);
      return contained && input_.policy;
    }
    if (named > causes_named_max) names += ", ...";
    advise(Advice::cause_check, names, number);
    return contained;
  }

  void check_requests() {
    const model::CaseAttempt* last = last_attempt(input_.one, input_.who().id);
    if (last == nullptr) {
      if (input_.step == CaseStep::reply) advise(Advice::no_request);
    } else if (last->outcome == CaseOutcome::waiting && asks_them()) {
      advise(Advice::waiting, letter_day(last->at, people_));
    }
    for (const model::CaseAttempt& attempt : input_.worked) {
      std::string done = std::string(step_words(attempt.step, people_));
      if (!attempt.to.empty()) done += ", " + one_line(attempt.to, 200);
      done += ": " + std::string(outcome_words(attempt.outcome, people_));
      if (!attempt.answer.empty()) done += ", \"" + one_line(attempt.answer, 200) + "\"";
      advise(Advice::worked, std::to_string(input_.worked_in), done);
    }
  }

  void mail_to(const std::string& to, std::string_view field) {
    out_.way = to.empty() ? LetterWay::text : LetterWay::mail;
    out_.to = to;
    if (to.empty()) hinder(Advice::no_address, out_.party, field);
  }

  void find_door() {
    switch (input_.step) {
      case CaseStep::form: return find_form();
      case CaseStep::reply: return find_thread();
      case CaseStep::postmaster: return find_postmaster();
      case CaseStep::upstream:
        out_.url = page_for(contact_.form, input_);
        return mail_to(contact_.upstream.empty() ? input_.upstream : contact_.upstream, "upstream");
      case CaseStep::legal: advise(Advice::lawyer); return mail_to(contact_.legal, "legal");
      case CaseStep::given_up: out_.way = LetterWay::text; return;
    }
  }

  void find_form() {
    const std::string& method = contact_.method;
    const bool from_reply = method == "follow-reply";
    const std::string page =
        from_reply ? page_in(input_.who().words) : page_for(contact_.form, input_);
    const std::string address = from_reply ? desk_named() : request_address();
    if (!contact_.sure) advise(Advice::unsure);
    if (method == "email" || (page.empty() && !address.empty())) {
      out_.url = page;
      return address.empty() && !page.empty() ? look_up_form(page) : mail_to(address, "email");
    }
    if (page.empty()) {
      if (!contact_.page.empty()) return look_up_form(page_for(contact_.page, input_));
      return find_postmaster();
    }
    out_.way = LetterWay::form;
    out_.url = page;
    if (method == "self-service-from-ip") advise(Advice::from_ip, first_place(input_), page);
    if (method == "dns-proof") advise(Advice::dns_proof);
    if (method.empty() || method == "unknown") advise(Advice::unknown_form, page);
  }

  std::string desk_named() const { return desk_in(input_.who().words, contact_, input_.of_list()); }

  // The desk that the answer names, where it is one of those that are known; else the known one.
  std::string request_address() const {
    const std::string named = desk_named();
    const auto domain = [](std::string_view address) {
      return address.substr(std::min(address.find('@'), address.size()));
    };
    if (!named.empty() && !contact_.email.empty() && domain(named) == domain(contact_.email)) {
      return named;
    }
    return contact_.email;
  }

  // A page is known, but not what stands there.
  void look_up_form(const std::string& page) {
    out_.way = LetterWay::form;
    out_.url = page;
    advise(Advice::unknown_form, page);
  }

  void find_thread() {
    const model::CaseAttempt* last = last_attempt(input_.one, input_.who().id);
    const std::string to = last == nullptr ? "" : last->to;
    if (to.starts_with("https://") || to.starts_with("http://")) {
      out_.way = LetterWay::text;
      out_.url = to;
      return;
    }
    mail_to(to.contains('@') ? to : contact_.email, "email");
  }

  void find_postmaster() {
    if (!contact_.postmaster.empty()) return mail_to(contact_.postmaster, "postmaster");
    if (!contact_.email.empty()) return mail_to(contact_.email, "postmaster");
    if (contact_.domain.empty()) {
      out_.url = page_for(contact_.page, input_);
      return mail_to("", "postmaster");
    }
    mail_to("postmaster@" + contact_.domain, "postmaster");
    advise(Advice::rule_address, out_.to);
  }

  std::string_view template_name() const {
    const bool list = input_.of_list();
    switch (input_.step) {
      case CaseStep::form:
        if (out_.way == LetterWay::form) return list ? "list_form" : "provider_form";
        return list ? "list_mail" : "provider_mail";
      case CaseStep::reply: return "reply";
      case CaseStep::postmaster: return "postmaster";
      case CaseStep::upstream: return "upstream";
      case CaseStep::legal: return "legal";
      case CaseStep::given_up: break;
    }
    return "given_up";
  }

  void fill() {
    LetterFacts facts = letter_facts(input_, out_.language);
    facts["form"] = out_.url;
    LetterText text = fill_letter(template_name(), facts, out_.language);
    out_.subject = std::move(text.subject);
    out_.body =
        out_.way == LetterWay::form ? std::move(text.body) : wrapped(text.body, mail_columns);
    if (out_.way == LetterWay::form) fill_fields();
  }

  void fill_fields() {
    const bool german = people_ == Language::de;
    const auto field = [&](const char* en, const char* de, const std::string& value) {
      if (!value.empty()) out_.fields.emplace_back(german ? de : en, value);
    };
    field("Address or domain", "Adresse oder Domain", all_places(input_));
    field("Subject", "Betreff", out_.subject);
    field("Name", "Name", input_.sender.name);
    field("Organisation", "Organisation", input_.sender.organisation);
    field("E-mail", "E-Mail", input_.sender.email);
    field("Telephone", "Telefon", input_.sender.phone);
  }

  void note_contact() {
    if (!contact_.note.empty()) advise(Advice::note, one_line(contact_.note, note_bytes_max));
    if (!contact_.own_note.empty()) {
      advise(Advice::own_note, one_line(contact_.own_note, note_bytes_max));
    }
  }

  void note_rest() {
    note_contact();
    const bool to_provider = !input_.of_list() && asks_them();
    if (out_.way == LetterWay::mail && to_provider) advise(Advice::own_way);
    const LetterSender& sender = input_.sender;
    if (sender.name.empty() && sender.organisation.empty()) advise(Advice::unsigned_letter);
    std::string command =
        fmt::format("leumund case {} attempt --party {} --channel {}", input_.one.number,
                    shell_argument(out_.party), model::case_step_name(input_.step));
    const std::string& to = out_.to.empty() ? out_.url : out_.to;
    if (!to.empty()) command += " --to " + shell_argument(to);
    advise(Advice::write_down, command);
  }

  const LetterInput& input_;
  const model::Contact& contact_;
  const Language people_;
  std::size_t hindrances_ = 0;
  Letter out_;
};

}  // namespace

std::string_view letter_way_name(LetterWay way) {
  constexpr std::array<std::string_view, 4> names = {"none", "form", "mail", "text"};
  return names.at(static_cast<std::size_t>(way));
}

Letter write_letter(const LetterInput& input, Language letter, Language people) {
  return Writer(input, letter, people).write();
}

CaseStep letter_step(const model::Case& one, const model::CaseParty& party) {
  if (const auto next = next_step(one, party)) return *next;
  const model::CaseAttempt* last = last_attempt(one, party.id);
  return last == nullptr ? CaseStep::form : last->step;
}

}  // namespace leumund::action
