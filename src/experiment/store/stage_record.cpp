#include "experiment/store/stage_record.h"

#include <fmt/format.h>

#include "pollard/error.h"

namespace pollard {

using nlohmann::json;

std::string encode(const StageRecord& record) {
  const json text = {{"format", 1},
                     {"id", record.id},
                     {"parent", record.parent},
                     {"kind", record.kind},
                     {"label", record.label},
                     {"series", record.series},
                     {"epochs", record.epochs},
                     {"first_step", record.first_step},
                     {"steps", record.steps},
                     {"settings", record.settings},
                     {"result", record.result},
                     {"environment", record.environment}};
  return text.dump(1) + "\n";
}

StageRecord decode_stage(std::string_view text, std::string_view origin) {
  try {
    const json in = json::parse(text);
    if (in.at("format") != 1) {
      throw Error(ErrorCode::Input,
                  fmt::format("'{}' has format {}, expected 1", origin, in["format"].dump()),
                  "it was written by a newer Pollard");
    }
    StageRecord record{.id = in.at("id"),
                       .parent = in.at("parent"),
                       .kind = in.at("kind"),
                       .label = in.at("label"),
                       .settings = in.at("settings"),
                       .result = in.at("result"),
                       .environment = in.at("environment"),
                       .series = in.at("series"),
                       .epochs = in.at("epochs"),
                       .first_step = in.at("first_step"),
                       .steps = in.at("steps")};
    if (!record.result.is_object())
      throw Error(ErrorCode::Input, fmt::format("'{}' has no result", origin));
    return record;
  } catch (const json::exception& error) {
    throw Error(ErrorCode::Input, fmt::format("'{}' is no stage: {}", origin, error.what()),
                "remove the folder of the stage: it is computed anew where it is needed");
  }
}

}  // namespace pollard
