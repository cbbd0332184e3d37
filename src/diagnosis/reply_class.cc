#include "diagnosis/reply_class.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>
#include <string>

namespace leumund::diagnosis {
namespace {

constexpr std::size_t looked_at_bytes = 4096;

// Words are searched in the lower-cased text with the recipient's own address blanked out: people
// are called "spam@..." and "blocked@...".
using Words = std::span<const std::string_view>;

constexpr std::string_view about_address[] = {
    "client host",
    "client [",
    "blocked using",
    "your ip",
    "ip address",
    "ip-address",
    "sending ip",
    "adresse ip",
    "messages from [",
    "mail from ip",
    "weren't sent",
    "part of their network",
    "ip name lookup",
    "reverse dns",
    "ptr record",
    "ptr resource",
    "rdns",
    "dnsbl",
    "rbl",
    "block list (",
    "bl=",
    "query/bl",
    "query/ip",
    "spamhaus.org/sbl",
    "ip reputation",
    "netblock",
    "open relay",
    "dynamic ip",
    "dialup",
    "connection refused",
    "connections will not be accepted",
    "too many connections",
    "reputation of the sending ip",
    "temporarily deferred due to",
    "client blocked",
    "bl.spamcop.net",
    "uceprotect",
    "senderscore",
    "mail server [",
    "black ip",
    "host is blacklisted",
    "refused to talk to me",
    "poor reputation sender",
    "no access from mail server",
    "zombied",
    "servers without",
    "ipbl",
};
// These name our address only as the place where a message about content came from.
constexpr std::string_view about_content[] = {
    "detected as spam",
    "considered as spam",
    "considered spam",
    "flagged as spam",
    "spam message rejected",
    "message content",
    "content rejected",
    "content denied",
    "nature of the content",
    "banned content",
    "mime_banned",
    "banned file",
    "illegal attachment",
    "virus",
    "viral traffic",
    "malware",
    "phishing",
    "spamhaus dbl",
    "dbl.spamhaus",
    "surbl",
    "uribl",
    "urlbl",
    "url in",
    "blacklisted url",
    "url domains",
    "spam is embedded",
    "identified as spam",
    "is spam",
    "looks like spam",
    "spam content",
    "spamsignature",
    "spam score",
    "mail score",
    "message filtered",
    "dt:spm",
    "message was detected",
    "rejected as spam",
    "spam detected",
    "classified as spam",
    "high probability of spam",
    "unsolicited content",
    "bulk content",
    "contains spam",
    "junk mail",
    "reputation of the sending domain",
    "domain is listed",
    "poor reputation domain",
};
constexpr std::string_view about_greylisting[] = {
    "greylist", "graylist", "grey-list", "gray-list", "not yet authorized to deliver", "postgrey",
};
constexpr std::string_view about_quota[] = {
    "mailbox full",     "mailbox is full",      "over quota",         "overquota",
    "quota exceeded",   "user quota",           "mailbox size limit", "quotaexceeded",
    "exceeded storage", "insufficient storage", "out of space",       "mailbox has exceeded",
};
constexpr std::string_view about_user[] = {
    "user unknown",
    "unknown user",
    "no such user",
    "no such recipient",
    "no such mailbox",
    "does not exist",
    "doesn't exist",
    "not found",
    "invalid recipient",
    "invalid-recipient",
    "invalid mailbox",
    "invalid address",
    "recipient not found",
    "unknown recipient",
    "recipient unknown",
    "not a valid recipient",
    "recipient rejected",
    "mailbox unavailable",
    "mailbox is disabled",
    "account is disabled",
    "is disabled",
    "is inactive",
    "inactive email",
    "inactivity",
    "could not be found",
    "not a valid mailbox",
    "no mailbox here",
    "address unknown",
    "unknown address",
    "undeliverable address",
    "doesn't have a",
    "unrouteable address",
    "unknown local",
    "destinataire invalide",
    "all recipient addresses rejected",
    "recipient unavailable",
    "recipient address rejected: access denied",
    "no longer available",
    "account has been disabled",
    "user not known",
    "addressee unknown",
    "rejected: inactive",
};
constexpr std::string_view not_about_user[] = {
    "domain not found",
    "relay",
    "sender address",
    "host not found",
    "policy",
    "spf",
    "dmarc",
    "quota",
    "greylist",
    "blocked senders",
    "temporarily suspended",
    "try again",
    "rdns",
};

bool any_in(std::string_view text, Words words) {
  return std::any_of(words.begin(), words.end(), [text](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// Lower case, without what stands in angle brackets and without addresses of mail: names of people
// and domains are no evidence.
std::string plain_words(std::string_view reply) {
  reply = reply.substr(0, looked_at_bytes);
  std::string text;
  text.reserve(reply.size());
  for (std::size_t i = 0; i < reply.size(); ++i) {
    const char c = reply[i];
    if (c == '<') {
      const std::size_t end = reply.find('>', i);
      if (end != std::string_view::npos &&
          reply.substr(i, end - i).find('@') != std::string_view::npos) {
        i = end;
        continue;
      }
    }
    if (c == '@') {
      while (!text.empty() && text.back() != ' ' && text.back() != '(') text.pop_back();
      while (i + 1 < reply.size() && reply[i + 1] != ' ' && reply[i + 1] != ')' &&
             reply[i + 1] != ':')
        ++i;
      continue;
    }
    text.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
  }
  return text;
}

}  // namespace

ReplyClass classify_reply(std::string_view reply) {
  if (reply.empty() || reply.front() == '2') return ReplyClass::other;
  const std::string text = plain_words(reply);
  // The more particular first: a content filter likes to name the client's address too.
  if (any_in(text, about_content)) return ReplyClass::content_or_reputation;
  if (any_in(text, about_address)) return ReplyClass::address_blocked;
  if (any_in(text, about_greylisting)) return ReplyClass::greylist;
  if (any_in(text, about_quota)) return ReplyClass::mailbox_full;
  const bool user_code = text.find("5.1.1") != std::string::npos;
  if (any_in(text, about_user) || user_code) {
    return any_in(text, not_about_user) && !user_code ? ReplyClass::other
                                                      : ReplyClass::unknown_user;
  }
  return ReplyClass::other;
}

std::string_view reply_class_name(ReplyClass reply_class) {
  constexpr std::array<std::string_view, 6> names = {
      "other",    "unknown_user", "content_or_reputation",
      "greylist", "mailbox_full", "address_blocked"};
  return names[static_cast<std::size_t>(reply_class)];
}

}  // namespace leumund::diagnosis
