"""Params, outputs and errors as trees and summary lines."""
