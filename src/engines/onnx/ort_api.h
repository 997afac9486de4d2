// The one place that includes Ort's headers: the function table is filled in by hand, because the library is opened at
// run time (ort_library.h).
#pragma once

#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>
#undef ORT_API_MANUAL_INIT
