#pragma once

// Values that are paths, of files or of objects in a store. None of them is empty.

#include <string_view>

namespace redactd {

/// /home/bob, /run/secrets/db: but a base64 value may begin with a slash, too.
bool is_path(std::string_view value);

/// /run/containerd/4f0c…, /builds/app_4f0c…: below a folder that systems have. Base64 may begin
/// with a slash, but hardly like one of these.
bool is_below_known_folder(std::string_view path);

/// A path, or a URL by its `://`.
bool is_path_or_url(std::string_view value);

/// AWSLogs/2026/03/01/eu-west-1_log.json.gz: base64 has slashes, too, but then no dots or dashes.
bool is_object_path(std::string_view value);

/// logs/app-20260301.gz, images/4f0c….webp: a path that ends in a file's name.
bool is_file_path(std::string_view value);

}  // namespace redactd
