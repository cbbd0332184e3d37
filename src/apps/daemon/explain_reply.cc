#include "apps/daemon/explain_reply.h"

#include <algorithm>
#include <string>
#include <utility>

#include "apps/diagnose/diagnose_json.h"
#include "apps/diagnose/diagnose_message.h"

namespace leumund::apps {
namespace {

constexpr std::size_t results_max = 20;
constexpr double sure_enough =
    0.5;  // as the diagnosis counts: below, the text said next to nothing

// The readable part of a bounce, without its header, as people copy it from their mail program.
std::string as_bounce(std::string_view text) {
  return "From: MAILER-DAEMON\nSubject: Undelivered Mail Returned to Sender\n\n" +
         std::string(text);
}

// No refusal at all: not a word, code or status that means one.
bool says_nothing(const diagnosis::Diagnosis& diagnosis) {
  return diagnosis.meaning.empty() && diagnosis.code == 0 && diagnosis.status.empty();
}

}  // namespace

base::Result<std::unique_ptr<ReplyExplainer>> ReplyExplainer::open(
    std::shared_ptr<const diagnosis::Reader> reader) {
  std::unique_ptr<ReplyExplainer> out(new ReplyExplainer());
  out->reader_ = std::move(reader);
  auto english = diagnosis::Explainer::open(out->reader_->registry(), diagnosis::Language::english);
  if (!english) return english.error();
  out->english_ = std::move(*english);
  auto german = diagnosis::Explainer::open(out->reader_->registry(), diagnosis::Language::german);
  if (!german) return german.error();
  out->german_ = std::move(*german);
  out->session_ = std::make_unique<base::Guarded<Session>>(*out->reader_);
  return out;
}

face::ExplainedReply ReplyExplainer::shown(const diagnosis::Diagnosis& diagnosis,
                                           const DiagnosisPlace& place,
                                           config::Language language) const {
  const Explanations both{.english = *english_, .german = *german_};
  const auto& explainer = language == config::Language::de ? both.german : both.english;
  return {.recipient = place.recipient == nullptr ? "" : place.recipient->recipient,
          .explanation = explainer.explain(diagnosis),
          .evidence = diagnosis.evidence,
          .lookup_url = diagnosis.lookup_url,
          .permanent = diagnosis.permanent,
          .sure = diagnosis.confidence >= sure_enough,
          .json = diagnosis_json(diagnosis, place, both)};
}

std::vector<face::ExplainedReply> ReplyExplainer::explain(std::string_view text,
                                                          config::Language language) {
  const auto begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  text.remove_prefix(begin);
  return session_->with([&](Session& session) {
    std::vector<face::ExplainedReply> out;
    const bool is_mail = looks_like_message(text);
    const auto take = [&](std::string_view raw) {
      const MessageDiagnosis message =
          diagnose_message(raw, session.reports, *reader_, session.words);
      for (const auto& [report, diagnosis] : message.recipients) {
        if (out.size() >= results_max || says_nothing(diagnosis)) continue;
        out.push_back(shown(
            diagnosis, {.file = "", .report = &message.report, .recipient = &report}, language));
      }
    };
    if (is_mail) take(text);
    if (!out.empty()) return out;
    // A bare reply is surest read as what it is; a longer text may hold several recipients.
    const diagnosis::Diagnosis reply = reader_->diagnose({.text = text}, session.words);
    if (!is_mail && reply.confidence < sure_enough) take(as_bounce(text));
    if (out.empty() && !says_nothing(reply)) out.push_back(shown(reply, {}, language));
    return out;
  });
}

}  // namespace leumund::apps
